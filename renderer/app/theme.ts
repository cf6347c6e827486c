import { useLayoutEffect } from 'react';
import type { Settings } from '../../shared/contract/settings.ts';

/** Draws the page in the chosen appearance; `system` leaves it to the desktop. */
export function useTheme(theme: Settings['theme']): void {
  useLayoutEffect(() => {
    const root = document.documentElement;
    if (theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
  }, [theme]);
}
