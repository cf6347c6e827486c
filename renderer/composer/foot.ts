/**
 * Gives what stands at the foot of the open conversation the focus: the field, else the panel in its place as a whole, since a key that was
 * meant for the field must press none of its buttons.
 */
export function focusFoot(): void {
  const foot = document.querySelector<HTMLElement>('[data-region="composer"]');
  (foot?.querySelector<HTMLElement>('[data-start]') ?? foot)?.focus({ preventScroll: true });
}
