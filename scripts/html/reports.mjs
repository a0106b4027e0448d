// The reports that are looked at: recorded by the program itself, and made of what it has recorded.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { large, mixed, read, write } from './records.mjs';

/** Targets that others made; scripts/interop has recorded them. */
export const COUNTERPARTS = ['moto', 'prism'];

const program = resolve(process.env.PROOFMARK_BIN);

/** Runs the program; one of these exit codes is what it has to end with. */
function proofmark(codes, ...args) {
  const ended = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (!codes.includes(ended.status)) {
    throw new Error(`proofmark ${args.join(' ')} ended with ${ended.status}: ${ended.stderr || ended.error}`);
  }
}

/** Records a run of the reference target while it breaks a clause. */
async function broken(deviation, folder) {
  const server = spawn(program, ['serve', '--listen', '127.0.0.1:0', '--deviate', deviation]);
  try {
    const lines = createInterface({ input: server.stdout });
    const [said] = await once(lines, 'line', { signal: AbortSignal.timeout(20_000) });
    const [url] = /http:\S+/.exec(said);
    proofmark([1, 3], 'run', '--origin', 'written', '--base-url', url, '--record', folder);
  } finally {
    server.kill();
  }
}

/** Makes every report below `home`: each with its page, its size and what was recorded. */
export async function reports(home) {
  const folder = (name) => `${home}/records/${name}`;
  rmSync(`${home}/records`, { recursive: true, force: true });
  mkdirSync(`${home}/records`, { recursive: true });
  proofmark([0], 'run', '--origin', 'written', '--record', folder('passing'));
  await broken('error-as-500', folder('failing'));
  write(folder('hostile'), mixed(folder('failing')));
  write(folder('large'), large(folder('failing'), 20_000));
  for (const name of COUNTERPARTS) cpSync(`target/interop/records/${name}`, folder(name), { recursive: true });
  const made = {};
  for (const name of ['passing', 'failing', 'hostile', 'large', ...COUNTERPARTS]) {
    const page = resolve(`${home}/${name}.html`);
    proofmark([0, 1], 'report', folder(name), '--format', 'html', '-o', page);
    made[name] = { page, url: `file://${page}`, bytes: statSync(page).size, run: read(folder(name)).document.runs[0] };
  }
  return made;
}
