import { findAccount } from '../../../storage/accounts.ts';
import { IDENTITY_CURSOR, KEY_KEPT_CURSOR, readCursor, setCursor } from '../../../storage/inbound.ts';
import { kindOf } from '../../../shared/errors.ts';
import type { AccountId } from '../../../shared/ids.ts';
import type { KeyRefusal } from '../../../shared/lane/key.ts';
import type { LaneRunner } from '../lanes/runner.ts';
import { askInSeries, type Ask } from '../question.ts';
import type { Touched } from '../touched.ts';
import { saveFile } from './saving.ts';
import { mustFind, type CallScope, type Serve } from './scope.ts';

/** My own keys, outside the program. Passphrases and keys are typed in the shell's own window and reach the lane from there: the page has no part in it. */
export function keyCalls(of: CallScope): Serve<'key.export' | 'key.reveal' | 'key.import'> {
  /** What the window shows beside the question. */
  function factsOf(id: AccountId): Readonly<Record<string, string>> {
    const { address } = mustFind(findAccount(of.db, id), 'account');
    const identity = readCursor(of.db, id, IDENTITY_CURSOR);
    return identity === null ? { address } : { address, fingerprint: identity };
  }

  /** The key is outside of the program now. */
  function keep(id: AccountId, touched: Touched): void {
    setCursor(of.db, id, KEY_KEPT_CURSOR, 'yes');
    touched.accounts = true;
  }

  return {
    'key.export': ({ request, account: id }) =>
      of.once(
        'key.export',
        request,
        async () => {
          const facts = factsOf(id);
          const lane = of.lanes.must(id);
          const passphrase = await askInSeries(of.host, (ask) =>
            ask({ kind: 'export-key', facts, secret: 'new-passphrase' }),
          );
          const { name, bytes } = await lane.exportKey(passphrase);
          return saveFile(of, name, (target) => target.writeFile(bytes));
        },
        (saved, touched) => {
          if (saved) keep(id, touched);
          return saved;
        },
      ),
    'key.reveal': ({ request, account: id }) =>
      of.once(
        'key.reveal',
        request,
        async () => {
          const facts = factsOf(id);
          const lane = of.lanes.must(id);
          return askInSeries(of.host, async (ask) => {
            await ask({ kind: 'reveal-key', facts });
            const key = await lane.writtenKey();
            // A no to this one means later, and is no refusal.
            return ask({ kind: 'key-revealed', facts: { key } }).then(
              () => true,
              (error: unknown) => {
                if (kindOf(error) === 'refused') return false;
                throw error;
              },
            );
          });
        },
        (written, touched) => {
          if (written) keep(id, touched);
          return written;
        },
      ),
    'key.import': ({ request, account: id }) =>
      of.once(
        'key.import',
        request,
        async () => {
          const facts = factsOf(id);
          const lane = of.lanes.must(id);
          await askInSeries(of.host, (ask) => importAsked(lane, facts, ask));
        },
        (_nothing, touched) => {
          touched.accounts = true;
          return true;
        },
      ),
  };
}

/** Asks for a key, and for its passphrase where it has one, until one is taken or the person says no. */
async function importAsked(
  lane: LaneRunner,
  facts: Readonly<Record<string, string>>,
  ask: Ask,
): Promise<void> {
  const question = { kind: 'import-key', facts } as const;
  let trouble: KeyRefusal | null = null;
  let text = '';
  for (;;) {
    const locked: boolean = trouble === 'passphrase-needed' || trouble === 'wrong-passphrase';
    const why = trouble === null ? {} : { trouble };
    const typed = await ask({ ...question, ...why, secret: locked ? 'passphrase' : 'key-text' });
    if (!locked) text = typed;
    const made = await lane.importKey(text, locked ? typed : null);
    if (made.kind === 'imported') return;
    trouble = made.why;
  }
}
