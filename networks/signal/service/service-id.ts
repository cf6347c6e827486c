const SERVICE_ID = /^(?:PNI:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a service id in its one string form. */
export const isServiceId = (text: string): boolean => SERVICE_ID.test(text);
