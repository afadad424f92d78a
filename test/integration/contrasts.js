// Runs in the page: for every text its colour, and its contrast with what is behind it (WCAG 2.2).
(() => {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const channel = (value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    const [r, g, b, alpha = 1] = parse(getComputedStyle(element).backgroundColor);
    return alpha > 0 ? [r, g, b] : ground(element.parentElement);
  };
  const texts = [...document.querySelectorAll('body *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''),
  );
  return texts.map((element) => {
    const lights = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const [dark, light] = lights.sort((a, b) => a - b);
    return [element.textContent.trim().slice(0, 40), (light + 0.05) / (dark + 0.05)];
  });
})();
