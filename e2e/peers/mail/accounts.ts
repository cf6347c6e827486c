import { createMailbox } from './mailbox.ts';
import type { Mailbox } from './mailbox.ts';

/** One user. The address is its name, in lower case. */
export interface Account {
  readonly address: string;
  /** Null until somebody logged in: the first password sticks. */
  password: string | null;
  readonly mailboxes: Map<string, Mailbox>;
  /** IMAP METADATA of the account (RFC 5464). */
  readonly metadata: Map<string, string>;
}

/** All users of a server. */
export interface Accounts {
  /** The account with this name, made on the way when there is none. */
  open(address: string): Account;
  has(address: string): boolean;
  /** The account when the password is its password (or its first one); null when it is not. */
  login(address: string, password: string): Account | null;
}

/** Users with a password from the start. Everybody else is welcome too. */
export type KnownAccount = { readonly address: string; readonly password: string };

/** The accounts of one server. */
export function createAccounts(known: readonly KnownAccount[] = []): Accounts {
  const accounts = new Map<string, Account>();

  const open = (name: string): Account => {
    const address = name.toLowerCase();
    const found = accounts.get(address);
    if (found !== undefined) return found;
    const mailboxes = [
      createMailbox('INBOX'),
      createMailbox('Sent', '\\Sent'),
      createMailbox('Drafts', '\\Drafts'),
      createMailbox('Trash', '\\Trash'),
    ];
    const account: Account = {
      address,
      password: null,
      mailboxes: new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox])),
      metadata: new Map(),
    };
    accounts.set(address, account);
    return account;
  };

  for (const { address, password } of known) open(address).password = password;

  return {
    open,
    has: (address) => accounts.has(address.toLowerCase()),
    login(address, password) {
      const account = open(address);
      account.password ??= password;
      return account.password === password ? account : null;
    },
  };
}

/** The mailbox with this name; INBOX in any case (RFC 9051 §5.1). */
export function mailboxOf(account: Account, name: string): Mailbox | undefined {
  return account.mailboxes.get(/^inbox$/i.test(name) ? 'INBOX' : name);
}
