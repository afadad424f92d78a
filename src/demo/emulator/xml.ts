/** What can be written as XML: a list becomes `<item>` elements, an undefined member is left out. */
export type XmlValue =
  | string
  | number
  | boolean
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue | undefined };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

function content(value: XmlValue): string {
  if (typeof value !== 'object') return escapeText(String(value));
  if (Array.isArray(value)) return value.map((item) => `<item>${content(item)}</item>`).join('');
  return Object.entries(value)
    .filter((entry): entry is [string, XmlValue] => entry[1] !== undefined)
    .map(([name, member]) => `<${name}>${content(member)}</${name}>`)
    .join('');
}

/** One document with the root element `name`, in `namespace` unless that is ''. */
export function toXml(name: string, namespace: string, value: XmlValue): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${content(value)}</${name}>`;
}
