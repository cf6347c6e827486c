/** Parts of the window that F6 goes round, in order. An element says which it is with `data-region`. */
export const regions = ['rail', 'chats', 'header', 'messages', 'composer', 'drawer'] as const;
type RegionName = (typeof regions)[number];

const FOCUSABLE =
  'button:not([tabindex="-1"]):not(:disabled), a[href], textarea, input:not(:disabled), [tabindex="0"]';

function usable(element: HTMLElement): boolean {
  return element.checkVisibility();
}

/** Puts the focus into a region: on what it marks as its start, else on its first control. False when it is not there. */
export function focusRegion(name: RegionName): boolean {
  const region = document.querySelector<HTMLElement>(`[data-region="${name}"]`);
  if (!region || !usable(region)) return false;
  const start = region.querySelector<HTMLElement>('[data-start]');
  const target =
    start && usable(start) ? start : [...region.querySelectorAll<HTMLElement>(FOCUSABLE)].find(usable);
  target?.focus();
  return target !== undefined;
}

/** Goes to the next region that is there, or the one before. */
export function nextRegion(step: 1 | -1): void {
  const here = document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region'];
  const at = regions.findIndex((name) => name === here);
  for (let moved = 1; moved <= regions.length; moved += 1) {
    const name = regions[(at + step * moved + regions.length * 2) % regions.length];
    if (name && focusRegion(name)) return;
  }
}
