import { readSignedEvent, type SignedEvent } from '../event.ts';
import { owedFanouts } from '../fanout.ts';
import { foundGroup } from '../group/found.ts';
import { offerKeyPackage } from '../key-package.ts';
import { readKeyPackageEvent, type FoundKeyPackage } from '../marmot/key-package-event.ts';
import { conversationWith } from '../names.ts';
import type { Running } from '../running.ts';
import { transact } from '../turn.ts';
import { RELAY, type Trial } from './trial.ts';

/** A new key package of somebody, and the event it is offered in. */
export async function offerOf(of: Running): Promise<readonly [SignedEvent, FoundKeyPackage]> {
  const { value: offer } = await transact(of, (turn) => offerKeyPackage(turn, []));
  const read = offer && readKeyPackageEvent(offer);
  if (!offer || !read) throw new Error('no key package');
  return [offer, read];
}

/** The wrap in which somebody invites somebody else to a group of the two. */
export async function invitation(from: Trial, to: Running): Promise<SignedEvent> {
  const [offer, read] = await offerOf(to);
  const { key } = to.self;
  const found = { key, keyPackageEvent: offer.id, inbox: [RELAY], keyPackage: read.message };
  const conversation = conversationWith(from.running.context.account, key);
  const pending = async () => (await owedFanouts(from.state.work(), from.running.context.now())).pending;
  const before = new Set((await pending()).map(({ id }) => id));
  await transact(from.running, (turn) =>
    foundGroup(turn, { conversation, direct: key, title: '', members: [found] }),
  );
  const fanout = (await pending()).find(({ id }) => !before.has(id));
  const [, event] = JSON.parse(fanout?.operation.text ?? '[]') as readonly unknown[];
  const wrap = readSignedEvent(event);
  if (wrap === null) throw new Error('no wrap');
  return wrap;
}
