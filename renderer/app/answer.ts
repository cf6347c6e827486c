import { useEffect, useState } from 'react';

/**
 * What core answers to a question; null until it has. What comes too late, since another was asked meanwhile or nobody looks any more, is
 * passed over; the answer before stands until the next is there.
 * @param ask null: nothing is asked. A failure nobody handles here leaves the answer as it was.
 * @param again Asked again when one of these becomes another.
 * @param failed What a failure leads to, where somebody still looks.
 */
export function useAnswer<T>(
  ask: () => Promise<T> | null,
  again: readonly unknown[],
  failed: () => void = () => undefined,
): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    let wanted = true;
    ask()?.then(
      (told) => {
        if (wanted) setAnswer(() => told);
      },
      () => {
        if (wanted) failed();
      },
    );
    return () => {
      wanted = false;
    };
    // Functions are made anew each time: what they ask is named in `again`.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  }, again);
  return answer;
}
