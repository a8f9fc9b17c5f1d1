import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  MappingType,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as CurvesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** All dashboards have it: each links to those that do. */
const TAG = 'lxc-autoscale'
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts it in
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const WIDTH = 24

/** A query in PromQL, and how its series are called in the legend. */
export type Query = readonly [expr: string, legend: string]

export function newDashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(`LXC AutoScale: ${title}`)
    .uid(`lxc-autoscale-${uid}`)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .link(
      new DashboardLinkBuilder('LXC AutoScale')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
}

/** A choice among the values of a label. */
export function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NumericalAsc)
}

export function hosts(): QueryVariableBuilder {
  return choice('instance', 'Host', 'label_values(lxc_monitor_build_info, instance)').includeAll(true).allValue('.+')
}

interface Look {
  readonly unit?: string
  readonly description?: string
  readonly max?: number
  readonly decimals?: number
  /** Value -> color, from this value on. */
  readonly thresholds?: readonly (readonly [from: number, color: string])[]
  readonly mappings?: ValueMapping[]
  /** Of the 24 columns. */
  readonly span?: number
  readonly height?: number
}

/** One number, as it is now. */
export function figure(title: string, expr: string, look: Look = {}): StatBuilder {
  const panel = new StatBuilder()
    .withTarget(instantQuery(expr))
    .graphMode(BigValueGraphMode.None)
    .colorMode(look.thresholds === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .span(look.span ?? 3)
    .height(look.height ?? 4)
  return withLook(panel, title, look)
}

/** What a label says now. */
export function label(title: string, expr: string, legend: string): StatBuilder {
  return figure(title, expr)
    .targets([instantQuery(expr).legendFormat(legend)])
    .textMode(BigValueTextMode.Name)
}

/** Curves over time. */
export function curves(title: string, queries: readonly Query[], look: Look = {}): CurvesBuilder {
  const panel = new CurvesBuilder()
    .targets(queries.map(rangeQuery))
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .span(look.span ?? WIDTH / 2)
    .height(look.height ?? 8)
  return withLook(panel, title, look)
}

/** How much came in each hour or so: bars that stand on each other. */
export function bars(title: string, queries: readonly Query[], look: Look = {}): CurvesBuilder {
  return curves(title, queries, look)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
}

type Panel = StatBuilder | CurvesBuilder

function withLook<Kind extends Panel>(panel: Kind, title: string, look: Look): Kind {
  panel
    .title(title)
    .datasource(DATASOURCE)
    .unit(look.unit ?? 'short')
  if (look.description !== undefined) panel.description(look.description)
  if (look.max !== undefined) panel.max(look.max)
  if (look.decimals !== undefined) panel.decimals(look.decimals)
  if (look.mappings !== undefined) panel.mappings(look.mappings)
  if (look.thresholds !== undefined) panel.thresholds(thresholds(look.thresholds))
  return panel
}

export function thresholds(steps: readonly (readonly [from: number, color: string])[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'green' }, ...steps.map(([value, color]) => ({ value, color }))])
}

/** `texts[0]` for 0, and so on. */
export function words(...texts: readonly (readonly [text: string, color: string])[]): ValueMapping[] {
  const options = Object.fromEntries(texts.map(([text, color], index) => [String(index), { text, color, index }]))
  return [{ type: MappingType.ValueToText, options }]
}

function rangeQuery([expr, legend]: Query, at: number): Builder<Dataquery> {
  const refId = String.fromCharCode('A'.charCodeAt(0) + at)
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).refId(refId).range()
}

function instantQuery(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).expr(expr).instant()
}

/** One row for each series. */
export function tableQuery(refId: string, expr: string): DataqueryBuilder {
  return instantQuery(expr).refId(refId).format(PromQueryFormat.Table)
}
