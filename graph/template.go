package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
)

func (r queryResolver) ImportTemplate(_ context.Context, kind model.BulkJobKind,
	columns []string) (*model.ImportTemplate, error) {
	t, err := catalog.NewTemplate(bulkjob.Kind(kind), columns)
	if err != nil {
		return nil, err
	}
	return &model.ImportTemplate{Kind: kind, FileName: t.FileName, CSV: t.CSV(), Columns: all(t.Columns, toImportColumn)},
		nil
}

const maxMappedHeaders, maxMappedHeader, maxMappedRows = 300, 255, 100

func (r queryResolver) ImportMapping(_ context.Context, kind model.BulkJobKind, headers []string,
	rows [][]string) (*model.ImportMapping, error) {
	for i, h := range headers {
		if i >= maxMappedHeaders || len(h) > maxMappedHeader {
			return nil, fault.Invalidf("only 300 headers fit, of 255 bytes").WithCode("TOO_MANY").At("headers", i)
		}
	}
	if len(rows) > maxMappedRows {
		return nil, fault.Invalidf("rows has more than %d items", maxMappedRows).WithCode("TOO_MANY").At("rows")
	}
	files := catalog.Files()
	if len(files.Columns(bulkjob.Kind(kind))) == 0 {
		return nil, fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(kind)).At("kind")
	}
	m := &model.ImportMapping{Columns: toReadings(files.Readings(bulkjob.Kind(kind), headers, nil, rows))}
	l, refusal := files.ReadHeaderAs(bulkjob.Kind(kind), headers, nil)
	if refusal == nil {
		refusal = l.Idle(headers)
	}
	if refusal != nil {
		m.Problem, m.Hint = &refusal.Message, &refusal.Hint
	}
	return m, nil
}

func toReadings(list []sheet.Reading) []*model.HeaderReading {
	return all(list, func(r sheet.Reading) *model.HeaderReading {
		m := &model.HeaderReading{Header: r.Header, Columns: all(r.Columns, same), How: model.HeaderReadingReason(r.How)}
		if r.Maybe != "" {
			m.Suggestion = &r.Maybe
		}
		return m
	})
}

func toImportColumn(c sheet.TemplateColumn) *model.ImportColumn {
	m := &model.ImportColumn{
		Name:     c.Name,
		Aliases:  c.Headers()[1:],
		Help:     c.Help,
		Required: c.Required,
		Included: c.Included,
	}
	if len(c.Or) > 0 {
		m.Alternative = &c.Or[0]
	}
	return m
}
