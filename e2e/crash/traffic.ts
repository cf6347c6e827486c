import type { ConversationId } from '../../shared/ids.ts';
import { digestOf, nameOf, type Message } from './message.ts';
import { errand, run, sendState, whyStuck, type Errand, type Page } from './page.ts';
import type { Random } from './random.ts';
import { isClean, judge, told, worst, type Verdict } from './verdict.ts';

/** The other side of a conversation, whoever plays it. Its log is what is judged by. */
export interface OtherSide {
  /** What it wrote, in order, since before the first round. */
  readonly said: readonly Message[];
  /** What it shows, in order. */
  heard(): Promise<readonly Message[]>;
  say(text: string, file?: Uint8Array): Promise<void>;
  /** Resolves at the next thing it hears. */
  next(): Promise<void>;
}

/** What was said before the books began. */
export const HELLO = 'hello';

/** Everything said in one conversation over all rounds. */
export interface Traffic {
  readonly other: OtherSide;
  readonly errands: readonly Errand[];
  /** Lets both sides talk: my errands one after the other, theirs spread over a while. Ends early when core goes away. */
  talk(page: Page, plan: Plan): Promise<void>;
  /** Does what is left after a restart and waits until both sides have everything, or for a minute. */
  settle(page: Page): Promise<Books>;
  /** What became of everything said so far, every file read anew. */
  audit(page: Page): Promise<Books>;
}

/** What is said in one round. */
export interface Plan {
  readonly mine: number;
  readonly theirs: number;
  /** The first message of each side carries a file. */
  readonly files: boolean;
  /** Over how long what they say is spread, in ms. */
  readonly spreadMs: number;
  readonly random: Random;
}

/** The books of a conversation: what was written against what arrived, both ways. */
export interface Books {
  readonly out: Verdict;
  readonly in: Verdict;
  /** My messages that the network has not taken yet. */
  readonly unsent: number;
  /** My messages that came to an end no healthy network brings about: `"text" is failed`. */
  readonly stuck: readonly string[];
}

export const balanced = (books: Books): boolean =>
  isClean(books.out) && isClean(books.in) && books.unsent === 0 && books.stuck.length === 0;

/** What is wrong with books that are not balanced. */
export function inWords(books: Books): string {
  const { stuck, unsent } = books;
  return [`out: ${told(books.out)}`, `in: ${told(books.in)}`, `unsent ${unsent}`, ...stuck].join('; ');
}

/** How long both sides may take to have everything, in ms. */
const SETTLE_MS = 60_000;
/** Looks again at least this often, in ms. */
const LOOK_MS = 1_000;
const FILE_BYTES = 30_000;

/** Starts keeping the books of a conversation. A message with the text `apart` is not in them. */
export function createTraffic(
  conversation: ConversationId,
  other: OtherSide,
  apart: string | null = null,
): Traffic {
  const errands: Errand[] = [];
  const digests = new Map<string, string>();
  let rounds = 0;

  async function theirPart(plan: Plan, round: number): Promise<void> {
    for (let said = 0; said < plan.theirs; said += 1) {
      await pause(plan.random.between(0, Math.round((2 * plan.spreadMs) / plan.theirs)));
      await other.say(`theirs ${round}.${said}`, plan.files && said === 0 ? fileOf(plan.random) : undefined);
    }
  }

  async function history(page: Page) {
    const mine: Message[] = [];
    const theirs: Message[] = [];
    const stuck: string[] = [];
    let unsent = 0;
    for (const row of await page.history(conversation)) {
      if (row.kind !== 'message' || row.content.text === apart) continue;
      const { text } = row.content;
      const [file] = row.files;
      if (file && !digests.has(file.id)) digests.set(file.id, await page.digest(file));
      (row.author.me ? mine : theirs).push({ text, file: file ? (digests.get(file.id) ?? null) : null });
      const state = sendState(row);
      if (state === 'failed' || state === 'held' || state === 'cancelled')
        stuck.push(`"${text}" is ${state} (${whyStuck(row)})`);
      if (state === 'queued' || state === 'sealed') unsent += 1;
    }
    return { mine, theirs, unsent, stuck };
  }

  async function look(page: Page): Promise<Books> {
    const { mine, theirs, unsent, stuck } = await history(page);
    const written = errands.map(({ text, file }) => nameOf({ text, file: file && digestOf(file.bytes) }));
    const booked = (of: readonly Message[]): readonly string[] =>
      of.filter(({ text }) => text !== apart).map(nameOf);
    const shown = judge(written, booked(await other.heard()));
    // My own history must say the same as what the other side shows.
    const out = worst(shown, judge(written, mine.map(nameOf)));
    return { out, in: judge(booked(other.said), theirs.map(nameOf)), unsent, stuck };
  }

  return {
    other,
    errands,
    async talk(page, plan) {
      rounds += 1;
      const round = rounds;
      const mine = Array.from({ length: plan.mine }, (_, said) => {
        const bytes = plan.files && said === 0 ? fileOf(plan.random) : null;
        return errand(`mine ${round}.${said}`, bytes && { name: 'file.bin', bytes });
      });
      errands.push(...mine);
      await Promise.all([run(page, conversation, mine).catch(() => undefined), theirPart(plan, round)]);
    },
    async settle(page) {
      const until = Date.now() + SETTLE_MS;
      await run(page, conversation, errands);
      for (;;) {
        const woken = Promise.withResolvers<void>();
        const undo = page.hear('changed', () => woken.resolve());
        void other.next().then(woken.resolve);
        const books = await look(page);
        // More than was written never becomes right by waiting.
        const hopeless = [books.out, books.in].some((one) => !isClean({ ...one, lost: 0 }));
        if (balanced(books) || hopeless || books.stuck.length > 0 || Date.now() > until) {
          undo();
          return books;
        }
        await Promise.race([woken.promise, pause(LOOK_MS)]);
        undo();
      }
    },
    audit(page) {
      digests.clear();
      return look(page);
    },
  };
}

function fileOf(random: Random): Uint8Array<ArrayBuffer> {
  const fill = random.between(0, 255);
  return Uint8Array.from({ length: FILE_BYTES }, (_, at) => (at * 31 + fill) & 255);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
