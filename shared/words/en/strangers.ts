/** What is not kept of people who were not accepted, because they sent too much. */
export const strangers = {
  'strangers.one':
    '{count, plural, one {# more message of theirs was not kept.} other {# more messages of theirs were not kept.}}',
  'strangers.all':
    '{count, plural, one {# message from somebody you have not accepted was not kept.} other {# messages from people you have not accepted were not kept.}}',
  'strangers.in-mailbox': 'What was not kept is still in your mailbox.',
  'strangers.gone': 'What was not kept cannot be fetched again.',
} as const;
