import { useState, type FormEvent, type ReactNode } from 'react';
import { mayAdd, type AccountRow } from '../../shared/contract/account.ts';
import type { ContactRow } from '../../shared/contract/conversation.ts';
import type { NetworkId } from '../../shared/ids.ts';
import type { FlowStart } from '../../shared/lane/flow.ts';
import { chatCodes, codeText, recognise, type CodeKind } from '../../shared/code.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import { accountName } from '../accounts/name.ts';
import { FlowProgress } from '../accounts/progress.tsx';
import { useAccounts } from '../accounts/store.ts';
import { useProfile } from '../app/session.ts';
import { openConversation, showSheet } from '../app/view.ts';
import { ErrorTrouble, FlowTrouble, Trouble } from '../flows/trouble.tsx';
import { useFlow, useOpening, type Flow } from '../flows/use-flow.ts';
import { Scanner } from '../scan/scanner.tsx';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { cx } from '../ui/classes.ts';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import { Contacts } from './contacts.tsx';
import { InviteCode } from './invite.tsx';
import styles from './new-chat.module.css';

/** Whether what was typed is a link or code rather than an address. */
function isInvite(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/iu.test(text.trim());
}

/** Whether an account takes it: what is no code may be a name. */
const takes = ({ network }: AccountRow, text: string): boolean => {
  const kind = recognise(text);
  return kind === 'unknown' || chatCodes[network].includes(kind);
};

function startOf(text: string): FlowStart {
  const typed = text.trim();
  return isInvite(typed) ? { kind: 'join', link: typed } : { kind: 'chat', address: typed };
}

/** Whether a change of a field came from the clipboard or was dropped there, rather than typed. */
const isPasted = (event: Event): boolean =>
  event instanceof InputEvent &&
  (event.inputType === 'insertFromPaste' || event.inputType === 'insertFromDrop');

/** Networks whose people are met by an invitation of mine. */
const INVITES: readonly NetworkId[] = ['email', 'nostr'];

/**
 * A new conversation: by name, by address or invitation, or by giving out an invitation of mine. `code`: what a link from outside filled in; it
 * begins nothing.
 */
export function NewChatSheet({ code }: { readonly code: string | null }): ReactNode {
  const accounts = useAccounts((state) => state.rows) ?? [];
  const [chosen, setChosen] = useState<AccountRow['id'] | null>(null);
  const [text, setText] = useState(code ?? '');
  /** The code for which another account took the place of the one that was chosen. */
  const [moved, setMoved] = useState<string | null>(null);
  const flow = useFlow();
  useOpening(flow.step);
  const taker = accounts.find((row) => takes(row, code ?? ''));
  const account = accounts.find((row) => row.id === chosen) ?? taker ?? accounts[0];

  /** What was typed stays; what was begun was of the other account. */
  function choose(id: AccountRow['id']): void {
    setChosen(id);
    flow.forget();
  }

  /** A code as a whole goes to an account that takes it. What is being typed may become anything, and moves nothing. */
  function take(given: string): void {
    setText(given);
    const other = accounts.find((row) => takes(row, given));
    if (account === undefined || takes(account, given) || other === undefined) return;
    setMoved(given);
    choose(other.id);
  }

  return (
    <Sheet title={say('new.title')} sub={say(wordsFor(account?.network).sub)} onClose={() => showSheet(null)}>
      {account === undefined ? (
        <p className={styles['stated']}>{say('new.no-account')}</p>
      ) : (
        <div className={styles['parts']}>
          {accounts.length > 1 ? (
            <Choice
              label={say('new.from')}
              value={account.id}
              options={accounts.map((row) => ({ value: row.id, label: accountName(row) }))}
              onChange={choose}
            />
          ) : null}
          <Start
            account={account}
            text={text}
            flow={flow}
            onType={setText}
            onCode={take}
            stated={
              code !== null && text === code
                ? say('link.outside')
                : moved !== null && text === moved && takes(account, text)
                  ? say('code.moved', { found: words.codeName(recognise(text)), account: nameOf(account) })
                  : null
            }
          />
          {account.groups ? (
            <div>
              <Button onClick={() => showSheet({ kind: 'new-group' })}>{say('group.new')}</Button>
            </div>
          ) : null}
          {INVITES.includes(account.network) ? <Mine key={`mine ${account.id}`} account={account} /> : null}
        </div>
      )}
    </Sheet>
  );
}

/** By what people are reached on a network, in words. */
function wordsFor(network: NetworkId | undefined) {
  switch (network) {
    case 'signal':
      return {
        sub: 'new.sub.signal',
        field: 'new.field.signal',
        hint: 'new.field.signal.hint',
        place: 'signal-chat',
      } as const;
    case 'nostr':
      return {
        sub: 'new.sub.nostr',
        field: 'new.field.nostr',
        hint: 'new.field.nostr.hint',
        place: 'nostr-chat',
      } as const;
    default:
      return { sub: 'new.sub', field: 'new.field', hint: 'new.field.hint', place: null } as const;
  }
}

const nameOf = (account: AccountRow): string => nameInSentence(accountName(account));

/** What to do with a code that this account does not take, where another would. */
function useInstead(kind: CodeKind): string | null {
  const accounts = useAccounts((state) => state.rows) ?? [];
  const profile = useProfile((state) => state.kind);
  const able = accounts.find(({ network }) => chatCodes[network].includes(kind));
  if (able) return say('code.refused.do.account', { account: nameOf(able) });
  const network = INVITES.find((each) => chatCodes[each].includes(kind));
  return network === undefined || profile === null || !mayAdd(profile, network)
    ? null
    : say('code.refused.do.add', { network: words.networkName(network) });
}

function Start({
  account,
  text,
  flow,
  onType,
  onCode,
  stated,
}: {
  readonly account: AccountRow;
  readonly text: string;
  readonly flow: Flow;
  readonly onType: (text: string) => void;
  /** A code came as a whole: pasted, or read. */
  readonly onCode: (code: string) => void;
  readonly stated: string | null;
}): ReactNode {
  const accounts = useAccounts((state) => state.rows) ?? [];
  const { step } = flow;

  // A code of another kind is named and does not even reach a lane.
  const kind = recognise(text);
  const instead = useInstead(kind);
  const wanted = chatCodes[account.network];
  const isRefused = !takes(account, text);
  const mayStart = text.trim() !== '' && !isRefused && !flow.running;

  function begin(event: FormEvent): void {
    event.preventDefault();
    if (mayStart) flow.start(startOf(text), account.network, account.id);
  }

  function pick({ conversation: there, chat }: ContactRow): void {
    if (there !== null) openConversation(there);
    else if (!flow.running) flow.start({ kind: 'chat', address: chat }, account.network, account.id);
  }

  const byName = account.network === 'signal';
  const { field, hint, place } = wordsFor(account.network);
  return (
    <div className={styles['start']}>
      <form className={styles['start']} onSubmit={begin}>
        <div>
          <div className={styles['line']}>
            <TextField
              label={say(field)}
              placeholder={say(hint)}
              name="to"
              autoComplete="off"
              spellCheck={false}
              maxLength={4_000}
              data-first
              value={text}
              onChange={(event) => {
                const { value } = event.currentTarget;
                if (isPasted(event.nativeEvent)) onCode(value);
                else onType(value);
              }}
            />
            <Button look="go" type="submit" disabled={!mayStart}>
              {say('new.go')}
            </Button>
          </div>
          <p className={cx(styles['stated'], styles['told'])} aria-live="polite">
            {stated}
          </p>
        </div>
        {isInvite(text) || (!byName && text.trim() === '') ? null : (
          <Contacts account={account.id} text={text} disabled={flow.running} onPick={pick} />
        )}
        {isRefused ? (
          <Trouble {...words.codeRefused(kind, wanted, instead)} />
        ) : step?.kind === 'failed' ? (
          <FlowTrouble why={step.why} place={place} />
        ) : null}
        {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
        {flow.running ? <FlowProgress step={step} onStop={flow.stop} /> : null}
      </form>
      {wanted.length === 0 ? null : (
        <>
          <p className={styles['stated']}>{say('new.scan')}</p>
          <Scanner
            accepts={[...new Set(accounts.flatMap(({ network }) => chatCodes[network]))]}
            field={false}
            onCode={(found) => onCode(codeText(found) ?? '')}
          />
        </>
      )}
    </div>
  );
}

function Mine({ account }: { readonly account: AccountRow }): ReactNode {
  const flow = useFlow();
  const { step } = flow;
  return (
    <section className={styles['mine']}>
      <h3>{say('new.mine')}</h3>
      <p className={styles['stated']}>
        {say(account.network === 'nostr' ? 'new.mine.nostr.means' : 'new.mine.means')}
      </p>
      {step?.kind === 'show-code' ? (
        <InviteCode text={step.text} expiresAt={step.expiresAt} />
      ) : flow.running ? (
        <FlowProgress step={step} onStop={flow.stop} />
      ) : (
        <Button onClick={() => flow.start({ kind: 'invite' }, account.network, account.id)}>
          {say('new.mine.show')}
        </Button>
      )}
      {step?.kind === 'failed' ? <FlowTrouble why={step.why} /> : null}
      {flow.error === null ? null : <ErrorTrouble kind={flow.error} />}
    </section>
  );
}
