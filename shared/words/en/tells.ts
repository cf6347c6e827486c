/** What the other side of a conversation is told of me, besides what I write. */
export const tells = {
  'tells.title': 'What they learn about you',
  'tells.sub': 'Only in this conversation.',
  'tells.read': 'That you have read something',
  'tells.typing': 'That you are writing',
  'tells.means': 'It goes the same way as your messages.',
  'tells.weak': 'Off unless you want it: others can read along here.',
  'tells.previews': 'Plainseal never opens a link to make a preview.',
} as const;
