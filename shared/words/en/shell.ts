/** The shell's own dialogs about its window. */
export const shell = {
  'shell.page.gone': 'The window stopped twice within a minute.',
  'shell.page.still': 'The window does not answer.',
  'shell.page.kept': 'Your messages are kept elsewhere. None is lost.',
  'shell.page.again': 'Open it anew',
  'shell.page.wait': 'Wait',
  'shell.quit': 'Quit Plainseal',
} as const;
