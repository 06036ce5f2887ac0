package report

// A functionRow is one function of a profile.
type functionRow struct {
	Who
	Factors Factors `json:"factors"`
	By      string  `json:"by"`
	Unit    string  `json:"unit"` // of self and cumulative
	ProfileFunction
}

// A deltaRow is what became of one function from one profile to another.
type deltaRow struct {
	A       Who     `json:"a"`
	B       Who     `json:"b"`
	Factors Factors `json:"factors"`
	By      string  `json:"by"`
	Unit    string  `json:"unit"`
	Per     string  `json:"per"`
	ProfileDelta
}

func (r *Report) profileTables() []csvTable {
	var functions []functionRow
	for _, p := range r.Profiles {
		for _, f := range p.Functions {
			functions = append(functions, functionRow{p.Who, p.Factors, p.By, p.Unit, f})
		}
	}
	var deltas []deltaRow
	for _, d := range r.ProfileDifferences {
		for _, f := range d.Functions {
			deltas = append(deltas, deltaRow{d.A, d.B, d.Factors, d.By, d.Unit, d.Per, f})
		}
	}
	return []csvTable{
		{"profiles", r.Profiles}, {"profile_functions", functions},
		{"profile_differences", r.ProfileDifferences}, {"profile_changes", deltas},
	}
}
