package plan

// A Metric names a figure that subjects are compared by.
type Metric string

const (
	Throughput   Metric = "throughput"       // right answers per second
	Goodput      Metric = "goodput"          // of the requests that fell due in the window, those rightly answered, however late; per second of it
	Deviation    Metric = "throughput_stdev" // standard deviation of throughput over the window's whole seconds
	ResponseP50  Metric = "response_p50"     // ms
	ResponseP90  Metric = "response_p90"
	ResponseP99  Metric = "response_p99"
	ResponseMean Metric = "response_mean"
	ServiceP50   Metric = "service_p50"
	ServiceP99   Metric = "service_p99"
	ServerCPU    Metric = "server_cpu" // us per request, of the whole process tree

	// ThroughputPerCPU is answers per second of CPU time that the process tree used:
	// ServerCPU's inverse, for setting numbers of processors against each other.
	ThroughputPerCPU Metric = "throughput_per_cpu"

	Memory  Metric = "memory"  // MiB, peak RSS
	Errors  Metric = "errors"  // failed ÷ due, in %
	StartUp Metric = "startup" // ms from exec to the first right answer
)

// Metrics are all metrics, in the order reports show them.
var Metrics = []Metric{
	Throughput, Goodput, Deviation, ResponseP50, ResponseP90, ResponseP99, ResponseMean,
	ServiceP50, ServiceP99, ServerCPU, ThroughputPerCPU, Memory, Errors, StartUp,
}

// Unit returns the unit of the metric's figures.
func (m Metric) Unit() string {
	switch m {
	case Throughput, Goodput, Deviation:
		return "req/s"
	case ServerCPU:
		return "us"
	case ThroughputPerCPU:
		return "req/CPU-s"
	case Memory:
		return "MiB"
	case Errors:
		return "%"
	}
	return "ms"
}

// HigherIsBetter tells which way of the metric is good.
func (m Metric) HigherIsBetter() bool {
	return m == Throughput || m == Goodput || m == ThroughputPerCPU
}

// An Objective is a bound that a figure must keep: "p99<50ms", "errors<0.1%",
// "rate>1000".
type Objective struct {
	Text  string  // as written
	What  string  // "p50", "p90", "p99", "p99.9", "mean", "max", "errors", "rate"
	Less  bool    // the figure must lie below the bound; above it otherwise
	Bound float64 // in ms, as a share (0 to 1), or per second
}
