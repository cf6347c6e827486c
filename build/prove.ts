import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { findChromium } from '../browser/chromium.ts';
import { attacks } from '../e2e/attacks/all.ts';
import type { Attack } from '../e2e/attacks/attack.ts';
import { openStage, type Stage } from '../e2e/attacks/stage.ts';
import { en } from '../shared/words/en.ts';
import { readOptions } from './options.ts';
import { buildPage } from './page.ts';
import { root } from './step.ts';

const values = readOptions(
  `npm run prove: attacks the app from the side of its peers while you watch, and says of each attack what the app said.

  --list                the attacks there are
  --only NAME           this one; may be given several times
  --screenshots FOLDER  a picture of each alarm`,
  {
    only: { type: 'string', multiple: true, default: [] },
    screenshots: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
);

/** How long each alarm stands before the next attack where somebody watches, in ms. */
const WATCH_MS = 2_500;
const PICTURES = 'test-results/prove';

type Result = { readonly attack: Attack; readonly said: string | null; readonly fault: string | null };

const chosen = values.only.length === 0 ? attacks : attacks.filter(({ name }) => values.only.includes(name));
const unknown = values.only.filter((name) => !attacks.some((one) => one.name === name));
if (unknown.length > 0 || values.list) {
  for (const name of unknown) console.error(`No attack is called ${name}. There are:`);
  for (const { name, does } of attacks) console.log(`${name}: ${does}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

/** Whether there is a screen to show it on. */
const canWatch =
  process.platform === 'win32' ||
  process.platform === 'darwin' ||
  Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
const pictures = values.screenshots ?? (canWatch ? null : PICTURES);

async function attempt(stage: Stage, attack: Attack): Promise<Result> {
  const seen = stage.broken.length;
  try {
    const said = await attack.run(stage);
    const broken = stage.broken.slice(seen);
    return { attack, said, fault: broken.length === 0 ? null : broken.join('; ') };
  } catch (error) {
    return { attack, said: null, fault: error instanceof Error ? error.message : String(error) };
  }
}

const nothing = 'Nothing of it was taken in.';
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

function tell({ attack, said, fault }: Result): void {
  const { number, name, network, does, outcome } = attack;
  console.log(`\n${number} ${name} · ${en[`network.${network}`]}`);
  console.log(`  ${does}`);
  console.log(fault === null ? `  ✓ ${outcome}: ${said ?? nothing}` : `  ✗ no alarm: ${firstLine(fault)}`);
}

/** One line for each attack, columns as wide as their widest cell. */
function table(results: readonly Result[]): string {
  const rows = [
    ['attack', 'network', 'came of it', 'the app said'],
    ...results.map(({ attack, said, fault }) => [
      `${attack.number} ${attack.name}`,
      en[`network.${attack.network}`],
      fault === null ? attack.outcome : 'NO ALARM',
      fault === null ? (said ?? nothing) : firstLine(fault),
    ]),
  ];
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

await buildPage();
const executablePath = findChromium();
const browser = await chromium.launch({
  headless: !canWatch,
  ...(executablePath === null ? {} : { executablePath }),
  // Chromium does not start as root with its sandbox.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
let stage: Stage | null = null;
try {
  console.log(
    canWatch
      ? 'Watch the window: each attack comes with its alarm.'
      : 'There is no screen: pictures are taken instead.',
  );
  stage = await openStage(browser);
  const results: Result[] = [];
  for (const attack of chosen) {
    const result = await attempt(stage, attack);
    results.push(result);
    tell(result);
    if (pictures !== null) {
      const folder = resolve(root, pictures);
      await mkdir(folder, { recursive: true });
      await stage.page.screenshot({ path: join(folder, `${attack.name}.png`) });
    }
    if (canWatch) await stage.page.waitForTimeout(WATCH_MS);
  }
  console.log(`\n${table(results)}`);
  if (pictures !== null) console.log(`\nPictures: ${pictures}`);
  const silent = results.filter(({ fault }) => fault !== null).length;
  console.log(`${results.length - silent} of ${results.length} attacks ended as they must.`);
  if (silent > 0) process.exitCode = 1;
} finally {
  await stage?.stop();
  await browser.close();
}
