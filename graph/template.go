package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
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
