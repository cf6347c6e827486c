import { utils } from '@scure/base';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { recognise, type CodeKind } from '../code.ts';
import type { CompareStep, FlowAnswer, FlowFailure, FlowStep } from './flow.ts';

/** Each word stands for this many bits: the list has 2048. */
const WORD_BITS = 11;
const spoken = utils.chain(utils.radix2(WORD_BITS), utils.alphabet([...wordlist]));

/**
 * Bytes as words of BIP-39's English list, to be read aloud: eleven bits a word from the first bit on, the last word filled up with
 * zeros. Without the checksum of a recovery phrase: what is said here is public, and no wallet or program should take it for one.
 */
export function wordsAloud(bytes: Uint8Array): readonly string[] {
  return spoken.encode(bytes);
}

/** What a scanned code says about the two keys. */
export type Judgement =
  | 'match'
  | 'differs'
  /** It is the code that I show. */
  | 'own'
  /** Of the right kind, and yet nothing that can be compared. */
  | 'unreadable';

/** How a comparison ended. */
export type Compared =
  | { readonly kind: 'same'; readonly by: 'number' | 'code' }
  | { readonly kind: 'failed'; readonly why: FlowFailure };

/**
 * Puts keys up for comparison, the same way on every network, until the person says yes or no or scans the other side's code. A yes
 * reaches the lane only after it was said in the shell's own window and core has marked the peer as checked.
 */
export async function* compare(
  shown: Omit<CompareStep, 'kind' | 'matched'>,
  judge: (code: Uint8Array) => Judgement,
): AsyncGenerator<FlowStep, Compared, FlowAnswer | undefined> {
  const answer = yield { kind: 'compare', matched: false, ...shown };
  switch (answer?.kind) {
    case 'yes':
      return { kind: 'same', by: 'number' };
    case 'no':
      return { kind: 'failed', why: 'numbers-differ' };
    case 'code':
      break;
    default:
      return { kind: 'failed', why: 'cancelled' };
  }
  const why = refusal(answer.code, shown.accepts, judge);
  if (why !== null) return { kind: 'failed', why };
  const said = yield { kind: 'compare', matched: true, ...shown };
  return said?.kind === 'yes' ? { kind: 'same', by: 'code' } : { kind: 'failed', why: 'cancelled' };
}

function refusal(
  code: Uint8Array,
  accepts: readonly CodeKind[],
  judge: (code: Uint8Array) => Judgement,
): FlowFailure | null {
  // The page has named and refused it; what comes all the same is not acted on.
  if (!accepts.includes(recognise(code))) return 'code-of-another-kind';
  const said = judge(code);
  return said === 'match' ? null : failures[said];
}

const failures = {
  differs: 'code-differs',
  own: 'code-own',
  unreadable: 'code-malformed',
} as const satisfies Record<Exclude<Judgement, 'match'>, FlowFailure>;
