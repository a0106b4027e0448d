// Recorded runs made of recorded runs: one with every kind of entry and hostile text wherever a target could put some,
// and one with twenty thousand cases.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** What would run if any of it were taken for markup. */
export const HOSTILE = [
  '</script><script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 2">',
  '"><svg onload="window.hacked = 3">',
  '<!--<script>window.hacked = 4//',
  'javascript:window.hacked = 5',
  '</style><style>* { display: none }</style>',
  '</pre></textarea></template></dialog>&lt;b&gt;\u202e\u2028',
].join(' ');

export function read(folder) {
  const lines = readFileSync(`${folder}/traces.jsonl`, 'utf8').trimEnd().split('\n');
  return {
    document: JSON.parse(readFileSync(`${folder}/run.json`, 'utf8')),
    first: lines[0],
    traces: new Map(lines.slice(1).map((line) => [JSON.parse(line).entry, line])),
  };
}

export function write(folder, { document, first, traces }) {
  mkdirSync(folder, { recursive: true });
  const text = [first, ...traces.values()].join('\n') + '\n';
  const sha256 = createHash('sha256').update(text).digest('hex');
  document.runs[0].evidence = { ...document.runs[0].evidence, sha256, lines: traces.size };
  writeFileSync(`${folder}/traces.jsonl`, text);
  writeFileSync(`${folder}/run.json`, JSON.stringify(document));
}

/** Renames an entry and what it sent. */
function rename(record, entry, name) {
  const line = record.traces.get(entry.name);
  if (line) {
    record.traces.delete(entry.name);
    record.traces.set(name, JSON.stringify({ ...JSON.parse(line), entry: name }));
  }
  entry.name = name;
}

/** A failing run with entries of every other status, and with hostile text in all of them. */
export function mixed(source, text = HOSTILE) {
  const record = read(source);
  const run = record.document.runs[0];
  const passing = run.entries.filter((it) => it.status === 'pass' && it.kind === 'case');
  const at = run.entries[0].at;
  const known = { case: 'dms::*', reason: `late ${text}`, ticket: 'https://tickets.example/17', expires: '2999-01-01', at };
  const [error, skip, declared, undeclared, expected, unexpected, warned] = passing;
  rename(record, error, `dms::CreateEndpoint::errs ${text}`);
  Object.assign(error, { status: 'error', why: `could not find out: ${text}` });
  Object.assign(skip, { status: 'skip', why: `the target does not declare the feature ${text}` });
  Object.assign(declared, { status: 'unsupported', lacks: { operation: `Op${text}`, declared: 'inTargetFile' } });
  Object.assign(undeclared, { status: 'unsupported', lacks: { operation: 'RunFleetAdvisor', declared: 'byAnswer' } });
  const broken = (expected, actual, strength) => ({
    rule: 'body', clauses: ['awsjson.error.bare-type'], strength, exchange: 0, where: { pointer: `/${text}` },
    expected, actual, claim: at,
  });
  Object.assign(expected, { status: 'knownFailure', known: [known], violations: [broken(text, '1', 'MUST')] });
  Object.assign(unexpected, { status: 'unexpectedPass', known: [{ ...known, ticket: `javascript:${text}` }] });
  warned.warnings = [broken(text, text, 'SHOULD')];
  const failing = run.entries.filter((it) => it.status === 'fail');
  failing[0].violations.push({ ...broken('1', text, 'MUST'), clauses: [] });
  failing[0].violations.push(broken(
    JSON.stringify({ a: 1, b: [1, 2, 3], c: 'the same', d: text }),
    JSON.stringify({ a: 1, b: [1, 2, 4], c: 'the same', e: text }),
    'MUST',
  ));
  failing[0].violations.push({ ...broken('1', '2', 'MUST'), clauses: [text] });
  // The answers themselves, as a target would send them.
  for (const entry of failing) {
    const trace = JSON.parse(record.traces.get(entry.name));
    for (const exchange of trace.exchanges) {
      if (!exchange.answer.response) continue;
      exchange.answer.response.body = { data: JSON.stringify({ message: text, html: text }) };
      exchange.answer.response.headers.push(['x-hostile', text.replace(/[^ -~]/g, '')]);
    }
    record.traces.set(entry.name, JSON.stringify(trace));
  }
  Object.assign(run.target, { product: `Acme ${text}`, version: '1.2' });
  run.plan = { coverage: 'selected', notSelected: 12, selection: [`--text ${text}`], shard: '3/8' };
  run.staleKnownFailures = [{ ...known, case: `gone ${text}` }];
  run.cleanUp = [`dms::connection: DeleteEndpoint answered 500 ${text}`];
  return record;
}

/** `count` cases: copies of a run's, each failing one broken in a way of its own. */
export function large(source, count) {
  const record = read(source);
  const run = record.document.runs[0];
  const cases = run.entries.filter((it) => it.kind === 'case');
  run.entries = [];
  const traces = new Map();
  for (let index = 0; index < count; index += 1) {
    const original = cases[index % cases.length];
    const name = `${original.name}-${index}`;
    const entry = structuredClone(original);
    for (const violation of entry.violations ?? []) violation.actual += ` ${index}`;
    run.entries.push({ ...entry, name });
    const line = record.traces.get(original.name);
    if (line) traces.set(name, line.replace(/"entry":"(?:[^"\\]|\\.)*"/, `"entry":${JSON.stringify(name)}`));
  }
  return { ...record, traces };
}
