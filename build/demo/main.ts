import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { electronBinary } from '../../e2e/fixtures/electron-binary.ts';
import { makeProfileFolder, startPlainseal, type ProfileFolder } from '../../e2e/fixtures/plainseal.ts';
import { readOptions } from '../options.ts';
import { buildPage } from '../page.ts';
import { root } from '../step.ts';
import { readEverybody } from './check.ts';
import { bobWritesOpenly, startWorld, type World } from './contacts.ts';
import { expected } from './expected.ts';
import { myAddress, prepare } from './prepare.ts';
import { meetStrangers } from './strangers.ts';
import { faults, formatTable } from './table.ts';

const values = readOptions(
  `npm run demo: opens Plainseal on a throw-away profile, with practice partners on this machine who answer.

  --check               drives a browser instead, and prints what the page said of everybody
  --screenshots FOLDER  with --check: a picture of each conversation`,
  { check: { type: 'boolean', default: false }, screenshots: { type: 'string' } },
);

/** Fills the profile and reads what the page says. True when every cell is as expected. */
async function check(world: World, folder: ProfileFolder): Promise<boolean> {
  const plainseal = await startPlainseal(folder);
  try {
    const prepared = await prepare(world, plainseal.url);
    await introduce(world, prepared);
    const strangers = await meetStrangers(world, prepared);
    prepared.leave();
    const { rows, broken } = await readEverybody(plainseal, expected, {
      screenshots: values.screenshots ? resolve(values.screenshots) : null,
      wrote: (contact, text) => {
        if (contact.startsWith('paula')) strangers.paulaAnswers(text);
      },
    });
    await strangers.stop();
    console.log(formatTable(rows));
    const wrong = [...expected.flatMap((each, at) => faults(rows[at], each)), ...broken];
    for (const fault of wrong) console.log(`✗ ${fault}`);
    return wrong.length === 0;
  } finally {
    await plainseal.stop();
  }
}

/** Fills the profile, then hands it to the shell the person sees. */
async function show(world: World, folder: ProfileFolder, electron: string | null): Promise<void> {
  // Electron keeps the profile below the folder it is given.
  const profile = electron === null ? folder.profile : join(folder.profile, 'test-profile');
  const plainseal = await startPlainseal({ ...folder, profile });
  const prepared = await prepare(world, plainseal.url);
  await introduce(world, prepared);
  prepared.leave();
  await plainseal.stop();
  const args = [
    `--profile=${folder.profile}`,
    `--authority=${folder.authority}`,
    ...(folder.signal === null ? [] : [`--signal=${folder.signal}`]),
  ];
  const child =
    electron === null
      ? spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'browser/main.ts', ...args], {
          cwd: root,
          stdio: 'inherit',
        })
      : spawn(electron, [root, '--test', ...args], { cwd: root, stdio: 'inherit' });
  console.log('Write to Alice or Bob: they answer. Close the window, or press Ctrl C here, to end the demo.');
  // Ctrl C reaches the child too; it ends in order, and this program after it.
  process.on('SIGINT', () => undefined);
  await once(child, 'exit');
}

async function introduce(world: World, prepared: Awaited<ReturnType<typeof prepare>>): Promise<void> {
  await prepared.join(await world.alice.inviteLink());
  await bobWritesOpenly(world, myAddress);
  await prepared.skipped(1);
  await prepared.chat(world.bob.address);
}

const electron = values.check ? null : electronBinary();
console.log(
  values.check
    ? 'Checking in the browser shell, which a test can look into.'
    : electron === null
      ? "Opening in the browser shell: Electron's binary is not installed (npx install-electron)."
      : 'Opening in Electron, whose binary is installed.',
);
await buildPage();
const world = await startWorld();
const folder = await makeProfileFolder(world.mail.ca, world.signal.server.environment);
try {
  if (values.check) process.exitCode = (await check(world, folder)) ? 0 : 1;
  else await show(world, folder, electron);
} finally {
  await world.stop();
  await folder.remove();
}
