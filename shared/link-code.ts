const LINK_CODE = /^\s*(?:sgnl:\/\/linkdevice|tsdevice:)/iu;

/** Whether a text is a code that links a device to a Signal account: who gets one acted on reads everything from then on. */
export const isLinkCode = (text: string): boolean => LINK_CODE.test(text);
