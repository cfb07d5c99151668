// The operations of the main job for Relay, whose compiler wants the name of this file in front of each.
const { graphql } = require("relay-runtime");

exports.Notice = graphql`
  query operationsNoticeQuery($at: ID!) {
    organization(id: $at) {
      id
      name
      notifications {
        id
        kind
        count
        csvUrl
      }
    }
  }
`;

exports.Unassigned = graphql`
  query operationsUnassignedQuery($at: ID!, $after: String) {
    students(organizationId: $at, filter: { noGroups: true, active: true }, first: 50, after: $after) {
      totalCount
      nodes {
        id
        name
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

exports.CreateGroup = graphql`
  mutation operationsCreateGroupMutation($input: CreateGroupInput!) {
    createGroup(input: $input) {
      group {
        id
        name
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

exports.Assign = graphql`
  mutation operationsAssignMutation($input: AssignStudentsToGroupsInput!) {
    assignStudentsToGroups(input: $input) {
      enrollmentsAdded
      organizations {
        id
        notifications {
          id
          count
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

exports.Upload = graphql`
  mutation operationsUploadMutation($input: SubmitBulkImportInput!) {
    submitBulkImport(input: $input) {
      job {
        id
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

exports.Start = graphql`
  mutation operationsStartMutation($id: ID!) {
    startBulkJob(id: $id) {
      job {
        id
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

exports.Undo = graphql`
  mutation operationsUndoMutation($id: ID!) {
    undoBulkJob(id: $id) {
      job {
        id
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

exports.Job = graphql`
  query operationsJobQuery($id: ID!) {
    bulkJob(id: $id) {
      id
      status
      failedRowsCsvUrl
    }
  }
`;

exports.JobMoved = graphql`
  subscription operationsJobMovedSubscription($id: ID!) {
    bulkJob(id: $id) {
      id
      status
      progress {
        percent
      }
      counts {
        updated
        enrollmentsAdded
        errors
      }
      organization {
        id
        notifications {
          id
          count
        }
      }
    }
  }
`;
