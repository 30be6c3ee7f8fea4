// What wattlayer's pages draw with; everything else of ECharts stays out.
import {init, use} from "echarts/core";
import {CustomChart, LineChart, ScatterChart, TreemapChart} from "echarts/charts";
import {AriaComponent, GridComponent, TooltipComponent} from "echarts/components";
import {CanvasRenderer} from "echarts/renderers";

use([CustomChart, LineChart, ScatterChart, TreemapChart, AriaComponent, GridComponent, TooltipComponent, CanvasRenderer]);
globalThis.echarts = {init};
