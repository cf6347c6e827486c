import type { Forecast } from '../../shared/lane/commit.ts';
import type { HoldReason } from '../../shared/label/facts.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { serviceOfConversation } from './names.ts';
import type { Performing } from './performing.ts';

/** The facts of the next send in an item's conversation, with what stops it. Empty where the item is in none with its recipient. */
export async function forecastsOf(
  { context, engine }: Performing,
  { intent }: Pick<OutboxItem, 'intent'>,
  work: Work,
  hold: HoldReason | null,
): Promise<readonly Forecast[]> {
  const { conversation } = intent;
  const to = conversation === null ? null : serviceOfConversation(context.account, conversation);
  if (conversation === null || to === null) return [];
  return [{ conversation, facts: await engine.forecast(to, work, context.now()), hold }];
}
