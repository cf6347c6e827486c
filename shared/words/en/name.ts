/** Names where there is none. */
export const name = {
  'name.none': 'No name',
  'name.file.none': 'File',
  'name.them': 'them',
  'name.others': '{count, plural, one {# other} other {# others}}',
  'name.provider.none': 'The provider',
} as const;
