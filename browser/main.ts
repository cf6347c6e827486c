// The browser shell: the same page and core without Electron, for the demo and the tests, on test profiles only.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kindOf } from '../shared/errors.ts';
import { findChromium } from './chromium.ts';
import { runFolder, startShell, type Shell } from './shell.ts';
import { createWindows, windowTrouble, type Windows } from './window.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage =
  'Usage: node browser/main.ts --profile FOLDER [--json] [--no-open] [--clock-offset MS] [--authority FILE] [--signal FILE]';

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
    'no-open': { type: 'boolean', default: false },
    'clock-offset': { type: 'string', default: '0' },
    authority: { type: 'string' },
    signal: { type: 'string' },
  },
});
if (!values.profile) fail(usage);
const clockOffset = Number(values['clock-offset']);
if (!Number.isSafeInteger(clockOffset)) fail(usage);
const page = resolve(root, 'out/page');
if (!existsSync(resolve(page, 'index.html'))) fail('The page is not built yet: run "npm run build:page".');
const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };

const profile = resolve(values.profile);
let shell: Shell | null = null;
let windows: Windows | null = null;
/** For the person a sentence, for a program that started this one a JSON line. */
const tell = (line: Readonly<Record<string, string>>, sentence: string): void =>
  console.log(values.json ? JSON.stringify(line) : sentence);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  windows?.close();
  await shell?.close();
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end());

const chromium = findChromium();
const trouble = values['no-open'] ? 'No window was asked for.' : windowTrouble(chromium);
if (trouble === null && chromium !== null)
  windows = createWindows(chromium, runFolder(profile), () => void end());

// Whoever started this shell asks for another way in by a line, and ends it by closing the input.
const lines = createInterface({ input: process.stdin });
if (values.json) lines.on('close', () => void end());

shell = await startShell({
  profile,
  page,
  version,
  clockOffset,
  authority: values.authority ? readFileSync(values.authority, 'utf8') : null,
  signal: values.signal ? readFileSync(values.signal, 'utf8') : null,
  crashPoints: [],
  crashPoint: () => undefined,
  showQuestion: (url) => {
    if (windows) windows.open(url, 'question');
    else tell({ question: url }, `Plainseal asks: open ${url} within a minute.`);
  },
  leftLocked: () => void end(),
  openLink: (href) => {
    windows?.openLink(href);
    return windows !== null;
  },
  notify: ({ title }) => tell({ notice: title }, title),
}).catch((error: unknown) => {
  windows?.close();
  return fail(`The profile cannot be opened: ${kindOf(error)}.`);
});
const { enter: wayIn } = shell;

async function enter(): Promise<void> {
  const url = await wayIn();
  if (windows) windows.open(url, 'main');
  tell({ url }, windows ? 'Plainseal is open in its window.' : `${trouble} Open ${url} within a minute.`);
}
await enter();
lines.on('line', () => void enter());
