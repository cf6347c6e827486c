import { codeText, comparedCodes, recognise } from '../../shared/code.ts';
import type { FlowId, NetworkId, PeerId } from '../../shared/ids.ts';
import type { CompareStep, FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { OWN_NPUB } from './chats.ts';
import { ALICE_KEY, checked, OTHER_NPUB, OWN_KEY } from './labels.ts';
import type { Memory, Tell } from './memory.ts';

const NUMBER = '30594 71826 04417 95230 66182 37905 12748 80356 49021 73564 28190 05817';
const WORDS =
  'kiwi dose tank rural velvet ocean gap lunar honey patch fiction sudden brisk cabin orphan tilt mule never drift wagon quote flame ivory depth'.split(
    ' ',
  );
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Two hashes in libsignal's form. */
const half = (field: number, from: number): readonly number[] => [
  field,
  0x22,
  0x0a,
  0x20,
  ...Array.from({ length: 32 }, (_, at) => (at * 7 + from) % 256),
];

function shownOn(network: NetworkId): Omit<CompareStep, 'kind' | 'matched'> {
  switch (network) {
    case 'signal':
      return {
        theirs: ALICE_KEY,
        values: [{ of: 'both', number: NUMBER, words: WORDS.slice(0, 19) }],
        code: Uint8Array.of(8, 2, ...half(0x12, 3), ...half(0x1a, 5)),
        accepts: comparedCodes.signal,
      };
    case 'nostr':
      return {
        theirs: OTHER_NPUB,
        values: [
          { of: 'theirs', number: OTHER_NPUB, words: WORDS },
          { of: 'own', number: OWN_NPUB, words: WORDS.toReversed() },
        ],
        code: bytes(`nostr:${OWN_NPUB}`),
        accepts: comparedCodes.nostr,
      };
    default:
      return {
        theirs: ALICE_KEY,
        values: [
          { of: 'theirs', number: ALICE_KEY, words: WORDS.slice(0, 15) },
          { of: 'own', number: OWN_KEY, words: WORDS.slice(9) },
        ],
        code: bytes(`OPENPGP4FPR:${OWN_KEY}`),
        accepts: comparedCodes.email,
      };
  }
}

/** Comparisons as lanes run them. Their own key as a code fits, any other of its kind does not. */
export function checks(memory: Memory, tell: Tell, say: (flow: FlowId, step: FlowStep) => void) {
  const open = new Map<FlowId, { readonly peer: PeerId; readonly network: NetworkId }>();

  function done(flow: FlowId, peer: PeerId): void {
    for (const row of memory.chats.values())
      if (row.peer === peer)
        memory.chats.set(row.id, {
          ...row,
          label: { ...row.label, identity: { kind: 'one', trust: checked } },
        });
    tell(
      [...memory.chats.values()].flatMap((row) => (row.peer === peer ? [row.id] : [])),
      [],
    );
    say(flow, { kind: 'done', conversation: null, peer });
  }

  return {
    start(flow: FlowId, peer: PeerId, network: NetworkId): void {
      open.set(flow, { peer, network });
      say(flow, { kind: 'compare', matched: false, ...shownOn(network) });
    },
    /** Whether the flow is a comparison; its answer is taken then. */
    answer(flow: FlowId, answer: FlowAnswer): boolean {
      const one = open.get(flow);
      if (!one) return false;
      const shown = shownOn(one.network);
      if (answer.kind === 'yes') done(flow, one.peer);
      else if (answer.kind !== 'code') say(flow, { kind: 'failed', why: 'numbers-differ' });
      else if (!shown.accepts.includes(recognise(answer.code)))
        say(flow, { kind: 'failed', why: 'code-of-another-kind' });
      else if (codeText(answer.code)?.includes(shown.theirs) === true)
        say(flow, { kind: 'compare', matched: true, ...shown });
      else say(flow, { kind: 'failed', why: 'code-differs' });
      return true;
    },
  };
}
