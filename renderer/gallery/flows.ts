import type { Calls } from '../../shared/contract/calls.ts';
import type { EventName, Events } from '../../shared/contract/events.ts';
import type { AccountId, FlowId } from '../../shared/ids.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import type { Handlers } from '../../shared/wire/rpc.ts';
import { ACCOUNT, accounts, chatId, NOSTR_ACCOUNT } from './chats.ts';
import type { Memory, Tell } from './memory.ts';
import { checks } from './checks.ts';
import { minutesAgo } from './labels.ts';

type Emit = <K extends EventName>(name: K, payload: Events[K]) => void;

const INVITE =
  'openpgp4fpr:7C2A91D0E4B83F5566A1C90D2E7F4B3A18D6509C#a=mara%40northmail.example&n=Mara&i=Qm3k9xT2vLa&s=pX81nW5cR0e';

const NOSTR_LINK =
  'nostr:nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p';
const LINK = `sgnl://linkdevice?uuid=${'b2f1c7d0'.repeat(4)}&pub_key=${'BaT0'.repeat(11)}`;
const CODE_MS = 45_000;

const RELAYS = 'wss://relay.example wss://harbour.example';
const passwordField = { name: 'password', secret: true, value: '' };
const relaysField = (value: string) => ({ name: 'relays', secret: false, value });

/** Flows as lanes run them: what is typed decides how they end, so that every ending can be looked at. */
export function flows(
  memory: Memory,
  tell: Tell,
  emit: Emit,
): Pick<Handlers<Calls>, 'flow.start' | 'flow.answer' | 'flow.cancel'> {
  const say = (flow: FlowId, step: FlowStep): void => queueMicrotask(() => emit('flow', { flow, step }));

  const compared = checks(memory, tell, say);

  function finishAccount(flow: FlowId, made: AccountId = ACCOUNT): void {
    const known = memory.accounts.some(({ id }) => id === made);
    const id = known && made === NOSTR_ACCOUNT ? (`${made}-${memory.accounts.length}` as AccountId) : made;
    memory.accounts = [
      ...memory.accounts.filter((row) => row.id !== id),
      ...accounts.filter((row) => row.id === made).map((row) => ({ ...row, id })),
    ];
    tell([], [], { accounts: true });
    say(flow, { kind: 'done', conversation: null, peer: null });
  }

  function proven(flow: FlowId, pasted: string): void {
    const fields = [{ name: 'captcha', secret: false, value: '' }];
    say(
      flow,
      pasted.startsWith('signalcaptcha:')
        ? { kind: 'done', conversation: null, peer: null }
        : { kind: 'ask', fields, why: 'code-malformed' },
    );
  }

  const signingIn = new Set<FlowId>();
  function signedIn(flow: FlowId, password: string): void {
    say(
      flow,
      password.startsWith('wrong')
        ? { kind: 'ask', fields: [passwordField], why: 'login-refused' }
        : { kind: 'done', conversation: null, peer: null },
    );
  }

  function reached(flow: FlowId, typed: string): void {
    const of = typed.split(' ').find((relay) => !relay.startsWith('wss://'));
    say(
      flow,
      of === undefined
        ? { kind: 'done', conversation: null, peer: null }
        : { kind: 'ask', fields: [relaysField(typed)], why: 'address-malformed', of },
    );
  }

  return {
    'flow.start': ({ start, network }) => {
      const flow = crypto.randomUUID() as FlowId;
      switch (start.kind) {
        case 'add-account': {
          const address = start.args['address'] ?? '';
          say(flow, { kind: 'progress', stage: 'connecting' });
          if (network === 'nostr' && start.args['key'] === 'brought')
            say(flow, { kind: 'progress', stage: 'key-asked' });
          else if (network === 'nostr') finishAccount(flow, NOSTR_ACCOUNT);
          else if (network === 'signal')
            say(flow, { kind: 'show-code', text: LINK, expiresAt: Date.now() + CODE_MS });
          else if (address.startsWith('wrong')) say(flow, { kind: 'failed', why: 'login-refused' });
          else if (address.startsWith('slow')) break;
          else if (address.startsWith('other'))
            say(flow, {
              kind: 'ask',
              why: 'server-unknown',
              fields: [
                { name: 'imapHost', secret: false, value: '' },
                { name: 'imapPort', secret: false, value: '993' },
                { name: 'smtpHost', secret: false, value: '' },
                { name: 'smtpPort', secret: false, value: '465' },
              ],
            });
          else finishAccount(flow);
          break;
        }
        case 'prove-person':
          say(flow, { kind: 'ask', fields: [{ name: 'captcha', secret: false, value: '' }], why: null });
          break;
        case 'sign-in':
          signingIn.add(flow);
          say(flow, { kind: 'ask', fields: [passwordField], why: null });
          break;
        case 'relays':
          say(flow, { kind: 'ask', fields: [relaysField(RELAYS)], why: null });
          break;
        case 'link-again':
          say(flow, { kind: 'show-code', text: LINK, expiresAt: Date.now() + CODE_MS });
          break;
        case 'invite':
          say(
            flow,
            network === 'nostr'
              ? { kind: 'show-code', text: NOSTR_LINK, expiresAt: null }
              : { kind: 'show-code', text: INVITE, expiresAt: minutesAgo(-60) },
          );
          break;
        case 'chat':
          if (start.address.includes('@'))
            say(flow, { kind: 'done', conversation: chatId('empty'), peer: null });
          else say(flow, { kind: 'failed', why: 'address-malformed' });
          break;
        case 'join':
          say(flow, { kind: 'failed', why: 'code-of-another-kind' });
          break;
        case 'check':
          compared.start(flow, start.peer, network);
          break;
      }
      return { flow };
    },
    'flow.answer': ({ flow, answer }) => {
      if (answer.kind === 'fields' && 'captcha' in answer.values) proven(flow, answer.values['captcha']);
      else if (answer.kind === 'fields' && signingIn.has(flow))
        signedIn(flow, answer.values['password'] ?? '');
      else if (answer.kind === 'fields' && 'relays' in answer.values) reached(flow, answer.values['relays']);
      else if (!compared.answer(flow, answer)) finishAccount(flow);
      return null;
    },
    'flow.cancel': () => null,
  };
}
