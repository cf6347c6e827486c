import { PlainsealError } from '../../shared/errors.ts';
import type { ConfirmQuestion } from '../../shared/shell/host.ts';
import type { HostLink } from './host.ts';

/** Asks in the shell's own window; gives what was typed, '' where nothing was asked for. Secret: never logged, never stored. */
export type Ask = (question: Omit<ConfirmQuestion, 'series'>) => Promise<string>;

/**
 * Asks one thing after another in the shell's own window, until `work` ends.
 * @throws PlainsealError `refused` when the person says no to any of it, and what `work` throws.
 */
export async function askInSeries<T>(
  host: Pick<HostLink, 'call'>,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const ask: Ask = async (question) => {
    const answer = await host.call('confirm', { ...question, series: true });
    if (!answer.ok) throw new PlainsealError('refused', 'the person said no');
    return answer.secret ?? '';
  };
  try {
    return await work(ask);
  } finally {
    // Only the window waits for this.
    await host.call('confirm.end', {}).catch(() => undefined);
  }
}
