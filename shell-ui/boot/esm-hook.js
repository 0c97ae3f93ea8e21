// Lets the one SystemJS import map serve native ES modules (*.mjs) beside System.register modules, with integrity for both.
(() => {
  const proto = System.constructor.prototype;
  const { instantiate, addImportMap } = proto;
  const isNative = (url) => /\.mjs(\?|#|$)/.test(url);
  const digests = new Map();
  const failures = new Map();

  const remember = (map, base) => {
    for (const [url, digest] of Object.entries(map.integrity ?? {})) digests.set(new URL(url, base).href, digest);
  };
  const page = document.querySelector('script[type="systemjs-importmap"]');
  const ready = fetch(page.src, { credentials: 'same-origin' })
    .then((answer) => answer.json())
    .then((map) => remember(map, page.src));
  proto.addImportMap = function (map, base) {
    remember(map, base ?? document.baseURI);
    return addImportMap.call(this, map, base);
  };

  // import() takes no digest; a preload with one puts only what fits it into the page's module map
  const verified = (url, integrity) =>
    new Promise((resolve, reject) => {
      const link = Object.assign(document.createElement('link'), { rel: 'modulepreload', href: url, integrity, crossOrigin: 'anonymous' });
      link.onload = () => resolve();
      link.onerror = () => reject(new Error(`${url} is missing or is not what the node released`));
      document.head.append(link);
    }).finally(() => document.head.querySelectorAll('link[rel=modulepreload]').forEach((link) => link.href === url && link.remove()));

  async function load(url) {
    await ready;
    const digest = digests.get(url);
    // some browsers keep a failed module for the life of the page, so a new try needs a new address
    const tries = failures.get(url) ?? 0;
    const address = tries === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}try=${tries}`;
    try {
      if (digest) await verified(address, digest);
      return await import(address);
    } catch (error) {
      failures.set(url, tries + 1);
      throw error;
    }
  }

  proto.instantiate = function (url, parent, meta) {
    if (!isNative(url)) return instantiate.call(this, url, parent, meta);
    return load(url).then((namespace) => [[], (set) => ({ execute: () => void set(namespace) })]);
  };
})();
