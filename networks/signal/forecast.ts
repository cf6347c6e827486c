import type { ConversationId } from '../../shared/ids.ts';
import { emptyCommit, type Forecast } from '../../shared/lane/commit.ts';
import type { HoldReason } from '../../shared/label/facts.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { serviceOfConversation } from './names.ts';
import { commit, type Performing } from './performing.ts';

/** The facts of the next send in an item's conversation, with what stops it. Empty where the item is in none with its recipient. */
export async function forecastsOf(
  { context, engine }: Performing,
  { intent }: { readonly intent: Pick<Intent, 'conversation'> },
  work: Work,
  hold: HoldReason | null,
): Promise<readonly Forecast[]> {
  const { conversation } = intent;
  const to = conversation === null ? null : serviceOfConversation(context.account, conversation);
  if (conversation === null || to === null) return [];
  return [{ conversation, facts: await engine.forecast(to, work, context.now()), hold }];
}

/** Has conversations go on that the challenge had stopped, unless another one stands by then. */
export async function resumeChallenged(
  performing: Performing,
  conversations: readonly ConversationId[],
): Promise<void> {
  const { context, challenge } = performing;
  const work = createWork(context.view);
  const forecasts: Forecast[] = [];
  for (const conversation of conversations)
    forecasts.push(...(await forecastsOf(performing, { intent: { conversation } }, work, null)));
  if (forecasts.length > 0 && challenge.until(context.now()) === null)
    await commit(context, { ...emptyCommit, forecasts });
}
