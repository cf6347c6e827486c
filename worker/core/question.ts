import { PlainsealError } from '../../shared/errors.ts';
import type { ConfirmAnswer, ConfirmQuestion, ConfirmWay } from '../../shared/shell/host.ts';
import type { HostLink } from './host.ts';

/** Asks in the shell's own window; gives what was typed, '' where nothing was asked for. Secret: never logged, never stored. */
export type Ask = (question: Omit<ConfirmQuestion, 'series' | 'way'>) => Promise<string>;

/** Asks where the person has another way on too; gives null when they choose that. */
export type AskOr = (
  question: Omit<ConfirmQuestion, 'series' | 'way'> & { readonly way: ConfirmWay },
) => Promise<string | null>;

/**
 * Asks one thing after another in the shell's own window, until `work` ends.
 * @throws PlainsealError `refused` when the person says no to any of it, and what `work` throws.
 */
export async function askInSeries<T>(
  host: Pick<HostLink, 'call'>,
  work: (ask: Ask, askOr: AskOr) => Promise<T>,
): Promise<T> {
  const answer = (question: ConfirmQuestion): Promise<ConfirmAnswer> =>
    host.call('confirm', { ...question, series: true });
  const secretOf = ({ ok, secret }: ConfirmAnswer): string => {
    if (!ok) throw new PlainsealError('refused', 'the person said no');
    return secret ?? '';
  };
  const ask: Ask = async (question) => secretOf(await answer(question));
  const askOr: AskOr = async (question) => {
    const given = await answer(question);
    return given.way ? null : secretOf(given);
  };
  try {
    return await work(ask, askOr);
  } finally {
    // Only the window waits for this.
    await host.call('confirm.end', {}).catch(() => undefined);
  }
}
