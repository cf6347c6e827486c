/** A profile that is a copy, and an account whose device was taken away: how each goes on. */
export const copy = {
  'account.go-on': 'Go on here',
  'account.go-on.means': 'E-mail has no keys that two copies could spoil.',
  'account.copy.read': 'Everything you wrote and got stays readable here.',
  'account.copy.signal': 'Link it again to write here. Your chats go on.',
  'account.copy.nostr': 'Go on here to write again. Groups have to add you again.',
  'account.go-on.nostr.means': 'Chats of two start over. Groups have to add you again.',
  'account.link-again': 'Link again',
  'account.link-again.means': 'Your phone scans a code. Chats and checks stay.',
  'stopped.question.copy': 'Shall this chat go on here?',

  'confirm.begin-anew': 'Go on with {name} here?',
  'confirm.begin-anew.means': 'Groups have to add you again. Stop Plainseal where this copy came from.',
  'confirm.begin-anew.yes': 'Go on here',
  'note.group-lost': 'Your place in this group stayed with another copy of this profile.',
  'note.group-lost.do': 'Ask an admin to take you out and add you again.',

  'link-again.title': 'Link this computer again',
  'link-again.chats': 'Your chats stay. Messages that came meanwhile are on the phone only.',
  'link-again.waiting': 'What may have gone out already is marked as not sent.',
  'link-again.done': 'This computer is linked again.',
  'link-again.done.means': 'Your chats go on. Unlink what you no longer use on the phone.',

  'flow.another-account.what': 'That phone has another account.',
  'flow.another-account.means': 'This computer was not linked. Nothing was changed.',
  'flow.another-account.do': 'Scan with the phone this computer was linked to.',

  'failure.link-lost': 'It waited when the link was lost. It may have gone out.',
  'failure.link-lost.do': 'Ask whether it arrived, or send it again.',
} as const;
