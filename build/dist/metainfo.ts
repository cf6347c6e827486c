import { escapeMarkup as escape } from './markup.ts';

/** What a software centre shows before the program is installed. */
const paragraphs = [
  'Plainseal speaks each contact’s own network from one inbox, with nobody in between, and says in plain words who can read every conversation.',
  'The words are computed from what the encryption reports, for each conversation and each message. When something changes, sending waits for you.',
  'It speaks e-mail (sealed with OpenPGP, or plain), Signal as a device linked to your phone, and MLS over Nostr relays.',
];
const screenshots = [
  ['checked.png', 'A conversation with a checked contact'],
  ['stopped.png', 'Sending stopped because a key changed'],
] as const;

/** What the page needs of the program's identity. */
export type MetainfoFacts = {
  readonly id: string;
  readonly product: string;
  readonly summary: string;
  readonly licence: string;
  readonly homepage: string;
  readonly version: string;
  readonly releasedSeconds: number;
};

/** The AppStream page of the program (freedesktop.org/software/appstream/docs, chapter 2.1). */
export function metainfo(facts: MetainfoFacts): string {
  const { id, product, summary, licence, homepage, version, releasedSeconds } = facts;
  const date = new Date(releasedSeconds * 1_000).toISOString().slice(0, 10);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<component type="desktop-application">',
    `  <id>${escape(id)}</id>`,
    '  <metadata_license>CC0-1.0</metadata_license>',
    `  <project_license>${escape(licence)}</project_license>`,
    `  <name>${escape(product)}</name>`,
    `  <summary>${escape(summary)}</summary>`,
    '  <description>',
    ...paragraphs.map((text) => `    <p>${escape(text)}</p>`),
    '  </description>',
    `  <launchable type="desktop-id">${escape(id)}.desktop</launchable>`,
    `  <url type="homepage">${escape(homepage)}</url>`,
    `  <developer id="${escape(developerId(id))}">`,
    `    <name>The ${escape(product)} maintainers</name>`,
    '  </developer>',
    '  <categories>',
    '    <category>Network</category>',
    '    <category>InstantMessaging</category>',
    '  </categories>',
    '  <branding>',
    '    <color type="primary" scheme_preference="light">#f3efe6</color>',
    '    <color type="primary" scheme_preference="dark">#2d468f</color>',
    '  </branding>',
    '  <screenshots>',
    ...screenshots.flatMap(([file, caption], index) => [
      index === 0 ? '    <screenshot type="default">' : '    <screenshot>',
      `      <caption>${escape(caption)}</caption>`,
      `      <image>${escape(new URL(`screenshots/${file}`, `${homepage}/`).href)}</image>`,
      '    </screenshot>',
    ]),
    '  </screenshots>',
    '  <content_rating type="oars-1.1">',
    '    <content_attribute id="social-chat">intense</content_attribute>',
    '  </content_rating>',
    '  <releases>',
    `    <release version="${escape(version)}" date="${date}"/>`,
    '  </releases>',
    '</component>',
  ];
  return `${lines.join('\n')}\n`;
}

const developerId = (id: string): string => id.split('.').slice(0, -1).join('.');
