/** What a dovecot 2.3 configuration is made from. Ports are for 127.0.0.1; users are names, ids numbers. */
export interface DovecotSettings {
  /** The working folder; everything dovecot writes is below it. */
  readonly folder: string;
  readonly imapPort: number;
  readonly lmtpPort: number;
  readonly internalUser: string;
  readonly loginUser: string;
  readonly internalGroup: string;
  readonly mailUid: number;
  readonly mailGid: number;
}

/** Services that want to change their root folder, which only root may. */
const CHROOTED = ['anvil', 'imap-login', 'lmtp', 'stats'];

/**
 * A configuration for dovecot 2.3 as IMAP server with LMTP delivery: implicit TLS, any user with any password, maildir,
 * quota and metadata, run by root or by a plain user. Certificate and key are cert.pem and key.pem in the folder.
 */
export function dovecotConfig(settings: DovecotSettings): string {
  const { folder, mailUid, mailGid } = settings;
  return `protocols = imap lmtp
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = /dev/stderr
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
auth_mechanisms = plain login
default_internal_user = ${settings.internalUser}
default_login_user = ${settings.loginUser}
default_internal_group = ${settings.internalGroup}
mail_home = ${folder}/mail/%u
mail_location = maildir:~/Maildir
mail_uid = ${mailUid}
mail_gid = ${mailGid}
first_valid_uid = ${mailUid}
last_valid_uid = ${mailUid}
first_valid_gid = 1
mail_attribute_dict = file:%h/dovecot-attributes
mail_plugins = $mail_plugins quota
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=${mailUid} gid=${mailGid} home=${folder}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = .
${['Sent', 'Drafts', 'Trash']
  .map((name) => `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }`)
  .join('\n')}
}
protocol imap {
  mail_plugins = $mail_plugins imap_quota
  imap_metadata = yes
  mail_max_userip_connections = 100
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=100M
  quota_vsizes = yes
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${settings.imapPort}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${settings.lmtpPort}
  }
}
${CHROOTED.map((name) => `service ${name} {\n  chroot =\n}`).join('\n')}
service auth {
  unix_listener auth-userdb {
    mode = 0600
  }
}
`;
}
