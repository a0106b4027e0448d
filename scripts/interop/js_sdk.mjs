// The AWS SDK for JavaScript, asked line by line: {operation, input, pages} in, {answer, pages, refused} out. It throws
// where an answer is not of its model's types, and that is told as `broken`.

import { createInterface } from "node:readline";
import * as sdk from "@aws-sdk/client-database-migration-service";

const [, , endpoint, region, accessKeyId, secretAccessKey] = process.argv;
const client = new sdk.DatabaseMigrationServiceClient({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 1,
});

async function told({ operation, input, pages }) {
  try {
    if (!pages) return { answer: plain(await client.send(new sdk[`${operation}Command`](input))), pages: 1 };
    const walked = [];
    for await (const page of sdk[`paginate${operation}`]({ client, pageSize: 1 }, input)) walked.push(plain(page));
    return { answer: merged(walked), pages: walked.length };
  } catch (error) {
    const modelled = sdk[error.name];
    const named = modelled && error instanceof modelled && error instanceof sdk.DatabaseMigrationServiceServiceException;
    if (named && error.$metadata.requestId) return { refused: error.name, pages: 0 };
    return { broken: `${error.name}: ${error.message}` };
  }
}

// Times become text that says so; a time or a number that is none stays to be seen.
function plain(value) {
  if (value instanceof Date) return `time ${value.toISOString()}`;
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} is read for a number`);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null) throw new TypeError("null is read");
  if (typeof value !== "object" || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "$metadata").map(([name, member]) => [name, plain(member)]));
}

function merged(pages) {
  const whole = {};
  for (const [name, value] of pages.flatMap(Object.entries)) {
    whole[name] = Array.isArray(value) ? [...(whole[name] ?? []), ...value] : value;
  }
  return whole;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await told(JSON.parse(line))));
}
