import { missingLists } from './announcement.ts';
import { signEvent, type SignedEvent } from './event.ts';
import { guard, type Operation } from './guard.ts';
import { offerKeyPackage } from './key-package.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

/** Publishes my lists and a key package, where relays do not have them (right). False: it has to be tried again. */
export async function announce(running: Running): Promise<boolean> {
  const { pool, self, context } = running;
  const account = self.key;
  const held = await pool.fetch({ kind: 'own', account }, self.write);
  if (held.complete.length === 0) return false;
  const mine = held.events.filter(({ pubkey }) => pubkey === account);
  const { result, value: offer } = await transact(running, (turn) => offerKeyPackage(turn, mine));
  if (!result.ok) return false;
  const lists = missingLists(self, mine, context.now());
  const events = [
    ...lists.map(({ kind, draft }) => ({ kind, event: signEvent(draft, self.secret) })),
    ...(offer === null ? [] : [{ kind: 'key-package' as const, event: offer }]),
  ];
  const published = await Promise.all(events.map(({ kind, event }) => publishOwn(running, kind, event)));
  return published.every(Boolean);
}

async function publishOwn(
  { pool, self, context }: Running,
  kind: 'relay-list' | 'inbox-list' | 'key-package',
  event: SignedEvent,
): Promise<boolean> {
  const operation: Operation = { kind, account: self.key, text: JSON.stringify(['EVENT', event]) };
  const checked = guard(operation);
  if (checked.kind === 'stop') {
    context.log('guard-stop', { operation: kind, why: checked.why });
    return false;
  }
  return (await pool.publish(checked.frame, self.write).first) === 'accepted';
}
