import { connection, dismissToast, language, toast, toasts, type Toast } from '@dcp/api-service';
import { element } from './panel';
import { t } from './texts';

function drawToast(one: Toast): HTMLElement {
  const box = element('div', `dcp-toast dcp-toast--${one.kind}`, element('span', '', one.text));
  box.setAttribute('role', one.kind === 'done' ? 'status' : 'alert');
  const { action } = one;
  if (action) {
    const act = element('button', 'dcp-button', action.label);
    act.onclick = () => {
      dismissToast(one.id);
      action.run();
    };
    box.append(act);
  }
  const close = element('button', 'dcp-button dcp-button--quiet dcp-button--icon', '×');
  close.setAttribute('aria-label', t('dismiss'));
  close.onclick = () => dismissToast(one.id);
  box.append(close);
  return box;
}

/** Shows short messages, and a banner while the platform does not answer. */
export function showMessages(): void {
  const region = document.getElementById('toasts');
  const banner = document.getElementById('banner');
  const skip = document.getElementById('skip');
  const drawn = new Map<number, HTMLElement>();
  toasts.subscribe((all) => {
    for (const [id, box] of drawn) {
      if (all.some((one) => one.id === id)) continue;
      box.remove();
      drawn.delete(id);
    }
    for (const one of all) {
      if (drawn.has(one.id)) continue;
      const box = drawToast(one);
      drawn.set(one.id, box);
      region?.append(box);
    }
  });
  connection.subscribe((state) => {
    if (!banner) return;
    banner.hidden = state === 'online';
    banner.textContent = state === 'lost' ? t('lost') : '';
    if (state === 'online') toast(t('back'));
  });
  skip?.addEventListener('click', (event) => {
    // the address is the state of the page; skipping is none
    event.preventDefault();
    document.getElementById('main')?.focus();
  });
  const speak = (): void => {
    region?.setAttribute('aria-label', t('messages'));
    if (skip) skip.textContent = t('skip');
  };
  language.subscribe(speak);
  speak();
}
