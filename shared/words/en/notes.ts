/** Rows that Plainseal itself states in a conversation, and what a notification says that shows nothing. */
export const notes = {
  'note.arrived-in-the-clear': 'A message came without encryption. It may not be from {name}.',
  'note.arrived-in-the-clear.do': 'It is kept in a conversation of its own.',
  'note.not-opened': 'A message could not be opened. It is damaged or was refused.',
  'note.not-opened.do': 'Ask {name} to send it again.',
  'note.not-fetched': 'Something larger came. This version cannot fetch it.',
  'note.not-fetched.do': 'It stays on the server.',
  'note.not-kept': 'More came before you accepted {name}. It was not kept.',
  'note.not-kept.do': 'Ask {name} to send it again.',
  'note.checked': 'You checked {name}. The keys match.',
  'note.identity-changed': '{name}’s key changed.',
  'note.identity-changed.do': 'Most often a new phone or app.',
  'note.new-device': '{name} uses another device now. The key is the same.',
  'note.new-device.do': 'Messages go to it too.',
  'note.timer-changed': 'How long messages stay was changed.',
  'note.timer-changed.do': 'It counts for messages from here on.',
  'note.below-floor': 'A message would have gone out with less protection than allowed.',
  'note.below-floor.do': 'It waits on this computer. Nothing was sent.',
  'note.check-failed': 'The check of {name} did not match.',
  'note.check-failed.do': 'Do not rely on this conversation until a check matches.',

  'notice.new': 'A message came.',
} as const;
