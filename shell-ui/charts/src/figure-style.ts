// The look of the frame; colours come from the portal's tokens, with a neutral pair for pages without them.

// Where uPlot expects its layers to be; written here because a page has no style sheet of uPlot's own.
const LAYERS = `
.uplot, .uplot *, .uplot *::before { box-sizing: border-box; }
.uplot { width: min-content; line-height: 1.5; font-family: inherit; }
.u-wrap { position: relative; user-select: none; }
.u-over, .u-under { position: absolute; }
.uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
.u-axis { position: absolute; }
.u-select, .u-cursor-x, .u-cursor-y, .u-cursor-pt { position: absolute; pointer-events: none; }
.u-cursor-x, .u-cursor-y { left: 0; top: 0; will-change: transform; }
.u-hz .u-cursor-x { height: 100%; }
.u-cursor-pt { left: 0; top: 0; border-radius: 50%; border: 0 solid; background-clip: padding-box !important; will-change: transform; }
.u-off { display: none; }
.u-axis.u-off, .u-select.u-off, .u-cursor-x.u-off, .u-cursor-y.u-off, .u-cursor-pt.u-off { display: none; }
`;

export const FIGURE_STYLE = `${LAYERS}
.dcp-figure {
  --fig-text: var(--dcp-text, light-dark(#1b2126, #e8ecef)); --fig-muted: var(--dcp-text-quiet, light-dark(#5c6670, #a0abb5));
  --fig-line: var(--dcp-hairline, light-dark(#d5dade, #2c343b)); --fig-accent: var(--dcp-focus, light-dark(#0072b2, #56b4e9));
  color: var(--fig-text); font-size: 12px; font-variant-numeric: tabular-nums; min-width: 0; position: relative;
}
.dcp-figure-head { display: flex; align-items: center; gap: 8px; min-height: 28px; flex-wrap: wrap; }
.dcp-figure-title { font-weight: 600; font-size: 14px; flex: 1 1 auto; }
.dcp-figure-tools { display: flex; gap: 2px; margin-left: auto; flex-wrap: wrap; }
.dcp-figure button { font: inherit; color: var(--fig-muted); background: none; border: 1px solid transparent; border-radius: 4px; padding: 3px 8px; cursor: pointer; min-height: 24px; }
.dcp-figure button:hover:not(:disabled) { color: var(--fig-text); border-color: var(--fig-line); }
.dcp-figure button:disabled { opacity: .45; cursor: default; }
.dcp-figure button[aria-pressed="true"] { color: var(--fig-text); border-color: var(--fig-accent); }
.dcp-figure button:focus-visible, .dcp-figure-plot:focus-visible { outline: 2px solid var(--fig-accent); outline-offset: 1px; }
.dcp-figure-plot { position: relative; overflow: hidden; touch-action: pan-y; }
.dcp-figure-plot[hidden], .dcp-figure-foot[hidden], .dcp-figure-values[hidden] { display: none; }
.dcp-figure-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
.dcp-figure-values { overflow: auto; max-height: 360px; border: 1px solid var(--fig-line); }
.dcp-figure-empty { position: absolute; inset: 0; display: grid; place-items: center; color: var(--fig-muted); pointer-events: none; }
.dcp-figure table { border-collapse: collapse; width: 100%; }
.dcp-figure th, .dcp-figure td { padding: 2px 10px 2px 6px; text-align: left; border-bottom: 1px solid var(--fig-line); height: 19px; white-space: nowrap; font-weight: 400; }
.dcp-figure thead th { color: var(--fig-muted); position: sticky; top: 0; background: var(--dcp-surface, light-dark(#fff, #14191d)); }
.dcp-figure .num { text-align: right; font-variant-numeric: tabular-nums; }
.dcp-figure-readout { margin-top: 4px; overflow-x: auto; }
.dcp-figure-readout tr.off { color: var(--fig-muted); }
.dcp-figure-readout tr.active th { font-weight: 600; color: var(--fig-text); }
.dcp-figure-readout .note { color: var(--fig-muted); white-space: nowrap; }
.dcp-figure-swatch { display: inline-block; width: 26px; height: 10px; vertical-align: middle; margin-right: 6px; }
.dcp-figure-lane { position: absolute; left: 0; right: 0; }
.dcp-figure-lane-name { position: absolute; top: 0; left: 66px; z-index: 2; pointer-events: none; line-height: 17px; white-space: nowrap; }
.dcp-figure-lane-name em { font-style: normal; margin-left: 12px; color: var(--dcp-chart-limit, light-dark(#b3261e, #f2b8b5)); }
.dcp-figure-lane-name b { font-weight: 600; } .dcp-figure-lane-name span { color: var(--fig-muted); margin-left: 6px; }
.dcp-figure-legend { display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 4px 0 0 0; color: var(--fig-text); align-items: center; }
.dcp-figure-legend span { color: var(--fig-muted); }
.dcp-figure .u-select { background: color-mix(in srgb, var(--fig-accent) 18%, transparent); border-inline: 1px solid var(--fig-accent); }
.dcp-figure .u-cursor-x { border-right: 1px solid var(--fig-muted); } .dcp-figure .u-cursor-y { display: none; }
.dcp-figure-over { position: absolute; inset: 0; pointer-events: none; }
.dcp-figure-panning .u-over { cursor: grabbing; }
@media (prefers-reduced-motion: reduce) { .dcp-figure * { transition: none !important; animation: none !important; } }
@media print { .dcp-figure-tools { display: none; } }
`;
