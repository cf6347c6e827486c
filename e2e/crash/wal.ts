import { copyFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DATABASE_FILE, openDatabase } from '../../storage/database.ts';
import { testKey } from '../../storage/key-wrap.ts';
import { integrityOf, receivedIn, sentIn } from './autopsy.ts';
import { errand, run } from './page.ts';
import { startRecording, type Acknowledged, type Generation, type Recording } from './recording.ts';
import { openShell } from './shell.ts';
import { WAL_HEADER } from './wal-file.ts';
import type { Acquaintance, World } from './world.ts';

/** What opening every cut of a recorded run came to. */
export interface CutReport {
  /** Frames of each generation of the log. */
  readonly generations: readonly number[];
  readonly acknowledged: readonly Acknowledged[];
  readonly cuts: number;
  /** Cuts that did not open, or whose pages do not fit together. */
  readonly broken: readonly string[];
  /** What was acknowledged by then and is not there. */
  readonly missing: readonly string[];
  /** Control: what the log's very beginning holds already, which must be nothing, or the cuts would prove nothing. */
  readonly early: number;
}

/** Lets both sides say `messages` each under record, then opens the database with its log cut at every frame boundary. */
export async function cutEverywhere(
  world: World & { readonly met: Acquaintance },
  messages: number,
): Promise<CutReport> {
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-cuts-'));
  try {
    const recording = await record(world, folder, messages);
    return openCuts(recording, folder, testKey(world.profile));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function record(
  { profile, server, met }: World & { readonly met: Acquaintance },
  folder: string,
  messages: number,
): Promise<Recording> {
  const shell = await openShell({
    profile,
    authority: server.ca,
    points: ['core.after-intent', 'lane.before-wire-write', 'lane.after-acknowledge'],
  });
  await shell.page.online();
  const recording = startRecording(profile, folder);
  const mine = Array.from({ length: messages }, (_, at) => errand(`mine ${at}`));
  let handedOver = 0;
  let received: () => void = () => undefined;
  // Core waits here before it acknowledges: whatever is durable by now must be enough.
  shell.onPoint((point) => {
    const taken = mine.find((one) => !one.answered);
    if (point === 'core.after-intent' && taken) recording.note('taken', taken.text);
    if (point === 'lane.after-acknowledge') received();
    const handed = mine[handedOver];
    if (point !== 'lane.before-wire-write' || !handed) return;
    handedOver += 1;
    recording.note('sealed', handed.text);
  });
  // One at a time, so that an acknowledgement names its mail.
  const theirs = async (): Promise<void> => {
    for (let at = 0; at < messages; at += 1) {
      const text = `theirs ${at}`;
      const here = new Promise<void>((resolve) => {
        received = () => {
          recording.note('received', text);
          resolve();
        };
      });
      await met.peer.say(text);
      await here;
    }
  };
  try {
    await Promise.all([run(shell.page, met.conversation, mine), theirs()]);
    while (met.peer.heard.length <= messages) await met.peer.next();
    recording.end();
    return recording;
  } finally {
    await shell.kill();
  }
}

function openCuts({ generations, acknowledged }: Recording, folder: string, key: Uint8Array): CutReport {
  const broken: string[] = [];
  const missing: string[] = [];
  let cuts = 0;
  for (const [number, generation] of generations.entries())
    for (let frames = 0; frames <= generation.wal.frames; frames += 1) {
      cuts += 1;
      const due = acknowledged.filter(
        (one) => one.generation < number || (one.generation === number && one.frames <= frames),
      );
      const place = `generation ${number}, frame ${frames}`;
      try {
        for (const one of openCut(folder, key, generation, frames, due))
          missing.push(`${place}: ${one.kind} "${one.text}"`);
      } catch (error) {
        broken.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  const [first] = generations;
  const early = first ? acknowledged.length - openCut(folder, key, first, 0, acknowledged).length : 0;
  return {
    generations: generations.map(({ wal }) => wal.frames),
    acknowledged,
    cuts,
    broken,
    missing,
    early,
  };
}

/**
 * Opens the database as the program does after a power cut; gives what is due and not there.
 * @throws when it does not open, or its pages do not fit together.
 */
function openCut(
  folder: string,
  key: Uint8Array,
  { base, wal }: Generation,
  frames: number,
  due: readonly Acknowledged[],
): readonly Acknowledged[] {
  const path = join(folder, DATABASE_FILE);
  copyFileSync(base, path);
  writeFileSync(`${path}-wal`, wal.bytes.subarray(0, WAL_HEADER + frames * wal.frameBytes));
  const database = openDatabase({ folder, key: key.slice() });
  try {
    const integrity = integrityOf(database);
    if (integrity !== 'ok') throw new Error(integrity);
    const received = receivedIn(database);
    const sent = sentIn(database);
    return due.filter(({ kind, text }) => {
      if (kind === 'received') return !received.has(text);
      const state = sent.get(text);
      return kind === 'taken' ? state === undefined : state !== 'sealed' && state !== 'sent';
    });
  } finally {
    database.close();
  }
}
