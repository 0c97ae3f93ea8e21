import { followLink } from '@dcp/api-service';

/** What a panel in the place of a page says. */
export interface Panel {
  readonly kind: 'loading' | 'error' | 'warning';
  readonly title: string;
  readonly text: string;
  readonly cause?: string | undefined;
  readonly module?: string | undefined;
  readonly button?: { readonly label: string; readonly run: () => void } | undefined;
  readonly link?: { readonly label: string; readonly href: string } | undefined;
}

/** An element with a class and its content. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Draws the panel; text only, never markup from elsewhere. */
export function draw(panel: Panel): HTMLElement {
  if (panel.kind === 'loading') return loading(panel);
  const box = element(
    'section',
    `dcp-panel dcp-state dcp-state--${panel.kind}`,
    element('h1', '', panel.title),
    element('p', '', panel.text),
  );
  box.setAttribute('role', 'alert');
  box.dataset['panel'] = panel.kind;
  if (panel.module) box.dataset['module'] = panel.module;
  if (panel.cause) box.append(element('p', 'dcp-quiet dcp-small', panel.cause));
  if (panel.button) {
    const button = element('button', 'dcp-button dcp-button--primary', panel.button.label);
    button.type = 'button';
    button.onclick = panel.button.run;
    box.append(button);
  }
  if (panel.link) {
    const link = element('a', 'dcp-button', panel.link.label);
    link.href = panel.link.href;
    link.onclick = followLink;
    box.append(link);
  }
  return box;
}

function loading(panel: Panel): HTMLElement {
  const bar = (): HTMLElement => element('div', 'dcp-skeleton');
  const box = element(
    'div',
    'dcp-loading',
    element('span', panel.text ? '' : 'dcp-unseen', panel.text || panel.title),
    bar(),
    bar(),
    bar(),
  );
  box.setAttribute('role', 'status');
  if (panel.button) {
    const button = element('button', 'dcp-button', panel.button.label);
    button.onclick = panel.button.run;
    box.append(button);
  }
  return box;
}
