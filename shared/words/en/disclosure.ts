/** What a person reads before a network's first connection. */
export const disclosure = {
  'disclosure.title': 'Before you connect {network}',
  'disclosure.accept': 'I have read this',
  'disclosure.email.content': 'Sealed mail can be read only by its sender and receivers.',
  'disclosure.email.plain': 'Mail without encryption can be read by every mail server.',
  'disclosure.email.addresses': 'Mail servers see who writes to whom, and when.',
  'disclosure.email.size': 'They also see how large each mail is.',
  'disclosure.email.ip': 'Your mail provider sees your internet address.',
  'disclosure.email.old-keys': 'A stolen key opens old messages too.',
  'disclosure.email.copies': 'Your provider keeps the sealed mails until they are deleted.',
  'disclosure.email.no-server': 'Plainseal runs no servers and learns nothing about you.',
  'disclosure.signal.unofficial': 'Signal does not support this app. It may stop working.',
  'disclosure.signal.untried': 'Nobody has tried it against the live service yet.',
  'disclosure.nostr.public-key': 'Your Nostr key is a public name.',
  'disclosure.nostr.relays': 'Relays see your internet address, and when you write.',
  'disclosure.dummy.local': 'Nothing leaves this computer.',
} as const;
