/** What was looked for among all there is: the groups of somebody, and whether a sealed file is still wanted by what is to be sent. */
export const foundByIndex = `
CREATE INDEX membership_peer ON membership (peer);
CREATE INDEX artifact_file ON artifact (file) WHERE file IS NOT NULL;
`;
