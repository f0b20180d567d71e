import { createHash } from 'node:crypto'

/**
 * How a statechart looks, light and dark. A page changes only attributes: `data-active` on `[data-state]`, `data-fired`
 * and `data-possible` on `[data-edge]`; every `--sc-` colour may be set from outside.
 * States are told apart without colour too: an active one has a thick border and a dot, a fired arrow is thick.
 */
export const STATECHART_CSS = `
.statechart{--bg:var(--sc-bg,#f7f8fa);--box:var(--sc-box,#fff);--band:var(--sc-band,#eef0f4);--border:var(--sc-border,#8b94a5);
--text:var(--sc-text,#1b2230);--muted:var(--sc-muted,#5a6478);--line:var(--sc-line,#7d879a);--pill:var(--sc-pill,#fff);
--pill-edge:var(--sc-pill-edge,#d5dae3);--active:var(--sc-active,#0b6bcb);--active-box:var(--sc-active-box,#e3f0ff);
--possible:var(--sc-possible,#0b6bcb);--fired:var(--sc-fired,#b54708);--fired-box:var(--sc-fired-box,#fff0dd);
font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif}
@media (prefers-color-scheme:dark){.statechart{--bg:var(--sc-bg,#11151c);--box:var(--sc-box,#1b212c);--band:var(--sc-band,#242c39);
--border:var(--sc-border,#6d788c);--text:var(--sc-text,#e8ecf3);--muted:var(--sc-muted,#a3adbf);--line:var(--sc-line,#8490a5);
--pill:var(--sc-pill,#1b212c);--pill-edge:var(--sc-pill-edge,#394354);--active:var(--sc-active,#5cb0ff);
--active-box:var(--sc-active-box,#12345a);--possible:var(--sc-possible,#5cb0ff);--fired:var(--sc-fired,#ffab57);
--fired-box:var(--sc-fired-box,#4a2c0c)}}
.statechart .ground{fill:var(--bg)}
.statechart .box{fill:var(--box);stroke:var(--border);stroke-width:1.25}
.statechart .root>.box{fill:none;stroke:var(--pill-edge)}
.statechart .compound>.box,.statechart .parallel>.box,.statechart .region>.box{fill:var(--bg)}
.statechart .region>.box{stroke-dasharray:6 4}
.statechart .band{fill:var(--band)}
.statechart .inner{fill:none;stroke:var(--border);stroke-width:1.25}
.statechart .rule{stroke:var(--border);stroke-width:1;opacity:.45}
.statechart text{fill:var(--text);font-size:11px}
.statechart .name{font-size:13px;font-weight:700}
.statechart .head-title{paint-order:stroke;stroke:var(--band);stroke-width:5px;stroke-linejoin:round;pointer-events:none}
.statechart .middle{text-anchor:middle}
.statechart .small,.statechart .guard,.statechart .actions{fill:var(--muted)}
.statechart .word{fill:var(--text);font-weight:700}
.statechart .event{font-weight:700}
.statechart .guard{font-style:italic}
.statechart .dot{fill:var(--text)}
.statechart .line{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}
.statechart .head{fill:var(--line)}
.statechart .pill{fill:var(--pill);stroke:var(--pill-edge);stroke-width:1}
.statechart .mark{fill:var(--active);visibility:hidden}
.statechart [data-active]>.mark{visibility:visible}
.statechart [data-active]>.box{stroke:var(--active);stroke-width:3}
.statechart [data-active].atomic>.box,.statechart [data-active].final>.box{fill:var(--active-box)}
.statechart [data-active]>.inner{stroke:var(--active)}
.statechart [data-possible] .line{stroke:var(--possible);stroke-width:2}
.statechart [data-possible] .head{fill:var(--possible)}
.statechart [data-possible]>.pill{stroke:var(--possible);stroke-width:1.5}
.statechart [data-fired] .line{stroke:var(--fired);stroke-width:3.5}
.statechart [data-fired] .head{fill:var(--fired)}
.statechart [data-fired]>.pill{fill:var(--fired-box);stroke:var(--fired);stroke-width:2}
.statechart [data-fired]>.small,.statechart [data-fired]>.small>.word{fill:var(--fired);text-decoration:underline}
@media (forced-colors:active){.statechart .box,.statechart .line,.statechart .pill{stroke:CanvasText}
.statechart [data-active]>.box{stroke:Highlight}}
`

/** For `style-src` of a content security policy, so that a standalone SVG may use its style and nothing else may. */
export const STATECHART_STYLE_SOURCE = `'sha256-${createHash('sha256').update(STATECHART_CSS).digest('base64')}'`
