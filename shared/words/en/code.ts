/** Codes by name: what a scanned or pasted one is, what a place wants instead, and what is said of the dangerous ones. */
export const code = {
  'code.signal-link': 'a code that links a device to Signal',
  'code.signal-number': 'a Signal number to compare',
  'code.signal-contact': 'a Signal contact link',
  'code.signal-group': 'an invitation to a Signal group',
  'code.signal-other': 'another code of Signal',
  'code.openpgp-key': 'the code of an e-mail key',
  'code.openpgp-invite': 'an e-mail invitation',
  'code.openpgp-group': 'an invitation to an e-mail group',
  'code.nostr-key': 'a Nostr key',
  'code.nostr-invite': 'a Nostr invitation',
  'code.nostr-secret': 'a secret Nostr key',
  'code.nostr-other': 'another code of Nostr',
  'code.mail-address': 'an e-mail address',
  'code.web-address': 'a web address',
  'code.unknown': 'no code that Plainseal knows',

  'link.ask': 'Open {host}?',
  'link.ask.yes': 'Open',
  'link.outside': 'A link outside Plainseal filled this in. Nothing was sent.',

  'code.refused.what': 'This is {found}.',
  'code.refused.means': 'It is not for this place. Nothing was done with it.',
  'code.refused.do': 'This place takes {wanted}.',
  'code.refused.do.text': 'This place takes a name or an address.',
  'code.refused.do.account': 'To use it, choose {account} above.',
  'code.refused.do.add': 'To use it, add an account on {network} first.',
  'code.moved': 'This is {found}. You now write from {account}.',

  'link-code.what': 'This code would link a device to a Signal account.',
  'link-code.means': 'Whoever made it would read your messages from then on.',
  'link-code.do': 'Scan such a code only where you made it yourself.',

  'secret-code.what': 'This is a secret key. Whoever has it is that account.',
  'secret-code.means': 'Nothing was done with it, and nothing of it is kept.',
  'secret-code.do': 'Give it to nobody. To compare, give the public key.',
} as const;
