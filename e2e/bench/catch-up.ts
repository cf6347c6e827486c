import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWriter, type Writer } from '../../networks/email/test/writer.ts';
import { openShell } from '../crash/shell.ts';
import { createWorld, ME } from '../crash/world.ts';
import { addProfile } from '../peers/deltachat.ts';
import { startCore } from '../peers/deltachat-core.ts';
import type { MailServerProcess } from '../peers/mail/child.ts';
import { getToKnow, GREETING } from '../crash/acquaintance.ts';
import { certificateInCard, makeTexts, wordOf, writeMails, type Reader } from '../crash/mails.ts';
import { median, show } from './result.ts';

/*
 * Catch-up: how fast mails that came while we were away become rows that can be searched, beside Delta Chat's core in the same run. Both get the same
 * number of mails with the same words from the same sender, each sealed for its own key, from the same server, which runs in a process of its own.
 * Both are started afresh on their existing database. The clock starts with the first connection the server sees and ends when the last mail is there:
 * for us when a search finds its word, for the other core at its event.
 */

const MAILS = Number(process.env['BENCH_MAILS'] ?? 1_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const REFERENCE = 'reference@example.org';
const DEADLINE_MS = 600_000;

/** When the server saw the first IMAP connection of an account since its record was cleared. Epoch ms. */
async function connectedAt(server: MailServerProcess, address: string): Promise<number> {
  const streams = await server.requests();
  const opened = streams
    .filter((stream) => stream.protocol === 'imap' && stream.address === address)
    .map((stream) => stream.openedAt);
  if (opened.length === 0) throw new Error(`${address} never connected`);
  return Math.min(...opened);
}

/** Our side: core as a process, its lane, the profile's database. Gives the time from connect to the last row found, ms. */
async function ours(
  server: MailServerProcess,
  profile: string,
  of: { readonly run: string; readonly mails: readonly Uint8Array[] },
): Promise<number> {
  await server.deliverMany(ME, of.mails);
  await server.clearRecord();
  const shell = await openShell({ profile, authority: server.ca, points: [] });
  try {
    const { page } = shell;
    const search = async (text: string): Promise<number> =>
      (await page.call('search', { text, in: null, before: null, limit: 10 })).rows.length;
    const word = wordOf(of.run, of.mails.length - 1);
    const endedAt = await new Promise<number>((resolve, reject) => {
      let looking = false;
      let again = false;
      const timer = setTimeout(() => reject(new Error('the last mail never came')), DEADLINE_MS);
      const look = async (): Promise<void> => {
        again = looking;
        if (looking) return;
        looking = true;
        const found = await search(word);
        looking = false;
        if (found === 1) {
          clearTimeout(timer);
          resolve(Date.now());
        } else if (again) await look();
      };
      page.hear('changed', () => void look().catch(reject));
      void look().catch(reject);
    });
    for (let at = 0; at < of.mails.length; at += 1)
      if ((await search(wordOf(of.run, at))) !== 1) throw new Error(`mail ${at} is not there once`);
    return endedAt - (await connectedAt(server, ME));
  } finally {
    await shell.close();
  }
}

/** The other core, started afresh on its folder. Gives the time from connect to its event for the last mail, ms. */
async function theirs(
  server: MailServerProcess,
  folder: string,
  account: number,
  of: { readonly run: string; readonly mails: readonly Uint8Array[] },
): Promise<number> {
  await server.deliverMany(REFERENCE, of.mails);
  await server.clearRecord();
  const core = await startCore(folder);
  try {
    const ended = Promise.withResolvers<number>();
    const timer = setTimeout(() => ended.reject(new Error('the last mail never came')), DEADLINE_MS);
    const came: number[] = [];
    core.listen(account, (event) => {
      if (event.kind !== 'IncomingMsg') return;
      came.push(event.msgId);
      if (came.length === of.mails.length) ended.resolve(Date.now());
    });
    await core.rpc.startIo(account);
    const endedAt = await ended.promise;
    clearTimeout(timer);
    const last = await core.rpc.getMessage(account, came.at(-1) ?? 0);
    if (!last.text.includes(wordOf(of.run, of.mails.length - 1)) || !last.showPadlock)
      throw new Error('the reference took something else in');
    return endedAt - (await connectedAt(server, REFERENCE));
  } finally {
    await core.stop();
  }
}

/** Makes the reference's profile, which knows the writer already; gives its account number and its key. */
async function prepareReference(
  folder: string,
  server: MailServerProcess,
  writer: Writer,
): Promise<{ readonly account: number; readonly reader: Reader }> {
  const core = await startCore(folder);
  try {
    const user = await addProfile(core, { mail: server, address: REFERENCE });
    const reader = { address: REFERENCE, certificate: await certificateInCard(await user.vcard()) };
    await server.deliverMany(REFERENCE, await writeMails(writer, reader, [GREETING]));
    const { chat } = await user.waitForText(GREETING);
    await core.rpc.acceptChat(user.account, chat);
    return { account: user.account, reader };
  } finally {
    await core.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'plainseal-bench-'));
const writer = await createWriter('writer@example.org', 'Writer');
const world = await createWorld((page, server, account) => getToKnow(writer, { page, server, account }));
try {
  const { server, profile, met } = world;
  const reference = await prepareReference(folder, server, writer);
  const rates = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { run: name, texts } = makeTexts(MAILS);
    const took = {
      ours: await ours(server, profile, { run: name, mails: await writeMails(writer, met.me, texts) }),
      theirs: await theirs(server, folder, reference.account, {
        run: name,
        mails: await writeMails(writer, reference.reader, texts),
      }),
    };
    rates.ours.push((MAILS / took.ours) * 1_000);
    rates.theirs.push((MAILS / took.theirs) * 1_000);
  }
  show({
    name: `catch-up, ${MAILS} mails`,
    unit: 'mails/s',
    ours: median(rates.ours),
    reference: { name: 'Delta Chat core', value: median(rates.theirs) },
    runs: ROUNDS,
  });
} finally {
  await world.close();
  await rm(folder, { recursive: true, force: true });
}
