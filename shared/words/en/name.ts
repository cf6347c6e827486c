/** Names where there is none. */
export const name = {
  'name.none': 'No name',
  'name.file.none': 'File',
  'name.them': 'them',
  'name.others': '{count, plural, one {# other} other {# others}}',
  'name.provider.none': 'The provider',
  'alike.name': 'This name looks like that of {name} on {network}.',
  'alike.means': 'They may be two people.',
} as const;
