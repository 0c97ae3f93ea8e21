import { address, currentSite } from '@dcp/api-service';
import { t } from './texts';

/** A page that has no heading by then has to do without focus. */
const PATIENCE_MS = 10_000;

/** Moves the focus to the heading of a page the user went to, and names the document after it. */
export function followHeading(): void {
  const main = document.getElementById('main');
  if (!main) return;
  const pageOf = (): string => `${address.value.site ?? ''}/${address.value.route ?? ''}`;
  let page = pageOf();
  let until = 0;
  let waiting = false;

  const look = (): void => {
    waiting = false;
    const heading = main.querySelector('h1');
    const parts = [heading?.textContent.trim(), currentSite()?.name, t('product')];
    document.title = parts.filter(Boolean).join(' · ');
    if (!heading || performance.now() > until) return;
    until = 0;
    // a page that has put the focus somewhere knows better
    if (main !== document.activeElement && main.contains(document.activeElement)) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  };
  const soon = (): void => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(look);
  };
  new MutationObserver(soon).observe(main, { childList: true, subtree: true, characterData: true });
  address.subscribe(() => {
    if (pageOf() === page) return;
    page = pageOf();
    until = performance.now() + PATIENCE_MS;
    soon();
  });
}
