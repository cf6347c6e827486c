/** A new version of the program, in the shell's own dialogs. */
export const update = {
  'update.offer': 'Plainseal {version} is here. Get it now?',
  'update.offer.means': 'It bears the signature this copy of Plainseal asks for.',
  'update.offer.yes': 'Get it',
  'update.ready': 'Plainseal {version} is ready. Close Plainseal to use it.',
  'update.failed': 'The update did not come whole. Nothing was changed.',
} as const;
